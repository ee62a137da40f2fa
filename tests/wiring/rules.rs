//! Rules for `template.yaml`.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use local::template::Template;
use serde_json::{Value, json};
use shared::config::{Config, Timeouts};
use shared::http::cors;
use shared::http::routes::ROUTES;
use shared::store::deliveries::CLAIM_LIFETIME;
use tests::database::template;
use tests::demo::root;
use tests::policy::{Call, Policy, Resource, policies, route_name};

/// The actions that a policy may allow. `dynamodb:Scan` is not one of them.
const ACTIONS: [&str; 11] = [
    "dynamodb:BatchGetItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
    "ses:SendEmail",
    "sqs:SendMessage",
    "ssm:GetParameter",
    "ssm:PutParameter",
];

/// The functions whose responses contain an access token.
const ISSUERS: [&str; 3] = ["log-in", "refresh-token", "verify-email"];

fn functions() -> impl Iterator<Item = (&'static str, &'static Value)> {
    functions_of(template())
}

fn functions_of(template: &Template) -> impl Iterator<Item = (&str, &Value)> {
    let functions = template.resources("AWS::Serverless::Function");
    functions.map(|(name, function)| (name, &function["Properties"]))
}

fn globals() -> &'static Value {
    &template().as_value()["Globals"]["Function"]
}

#[test]
fn every_function_has_its_own_log_group_with_a_retention() {
    check_log_groups(template());
}

pub fn check_log_groups(template: &Template) {
    for (name, function) in functions_of(template) {
        let group = name.replace("Function", "Logs");
        assert_eq!(
            function["LoggingConfig"]["LogGroup"],
            json!({"Ref": group}),
            "{name}: LoggingConfig: {{LogGroup: !Ref {group}}}"
        );
        let mut groups = template.resources("AWS::Logs::LogGroup");
        let (_, group) = groups
            .find(|(own, _)| *own == group)
            .unwrap_or_else(|| panic!("add the log group {group} after {name}"));
        assert_eq!(
            group["Properties"]["RetentionInDays"],
            json!({"Ref": "LogRetentionDays"}),
            "{name}: its log group needs RetentionInDays: !Ref LogRetentionDays"
        );
    }
    let globals = &template.as_value()["Globals"]["Function"];
    assert_eq!(globals["LoggingConfig"]["LogFormat"], "JSON");
}

#[test]
fn every_function_has_the_architecture_it_was_built_for() {
    assert_eq!(globals()["Architectures"], json!([{"Ref": "Architecture"}]));
    assert_eq!(template().as_value()["Parameters"]["Architecture"]["Default"], "arm64");
    for (name, function) in functions() {
        for common in ["Runtime", "Handler", "Architectures"] {
            assert!(function.get(common).is_none(), "{name}: {common} belongs into Globals");
        }
    }
}

/// Returns the policies of every function: if all conditions of the template hold, and if none does.
fn every_policy() -> impl Iterator<Item = (String, Policy)> {
    policies(|_| true).into_iter().chain(policies(|_| false))
}

#[test]
fn policies_name_allowed_actions_resources_and_key_prefixes() {
    for (route, policy) in every_policy() {
        for (statement, resources) in policy.allowing() {
            for action in &statement.actions {
                assert!(
                    ACTIONS.contains(&action.as_str()),
                    "{route} may do {action}: remove it, or add it to ACTIONS in {}",
                    file!(),
                );
            }
            for resource in resources {
                match resource {
                    Resource::Other(arn) if arn.contains(":ses:") => {
                        assert!(!may_send(&policy, arn, "eve@example.com"), "{route}: {arn}");
                        assert!(may_send(&policy, arn, "${MailFrom}"), "{route}: {arn}");
                    }
                    Resource::Other(arn) => {
                        assert!(
                            !arn.contains('*'),
                            "{route} has a permission on every resource of {arn}"
                        );
                        let known = arn.contains(":ssm:")
                            || ["UndeliveredMail.Arn", "UnprojectedChanges.Arn"]
                                .contains(&arn.as_str());
                        assert!(known, "{route}: {arn} is not a resource that policies may name");
                    }
                    Resource::Table | Resource::Index(_) => {
                        let keys = statement.leading_keys().unwrap_or_default();
                        assert!(!keys.is_empty(), "{route}: limit it by dynamodb:LeadingKeys");
                        assert!(
                            keys.iter().all(|key| !key.starts_with(['*', '?'])),
                            "{route}: a pattern must begin with a key prefix: {keys:?}"
                        );
                    }
                }
            }
        }
    }
}

/// Whether a policy allows to send mail from an email by an identity or a configuration set of SES.
fn may_send(policy: &Policy, arn: &str, from: &str) -> bool {
    let resource = Resource::Other(arn.to_owned());
    policy.allows(&Call {
        action: "ses:SendEmail",
        resource,
        context: vec![("ses:FromAddress", from)],
    })
}

#[test]
fn mail_may_use_the_configuration_set_of_the_parameter_and_no_other() {
    let ses = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}";
    // The identity may have a default set, and the parameter is one way to name it.
    for (has_parameter, another) in [(true, false), (false, true)] {
        let policy = &policies(|_| has_parameter)["deliver-mail"];
        for (resource, allowed) in [
            ("identity/shop.example", true),
            ("configuration-set/${MailConfigurationSet}", true),
            ("configuration-set/another", another),
        ] {
            let resource = format!("{ses}:{resource}");
            assert_eq!(may_send(policy, &resource, "${MailFrom}"), allowed, "{resource}");
        }
    }
    let (_, function) = functions().find(|(name, _)| *name == "DeliverMailFunction").expect("it");
    let variable = &function["Environment"]["Variables"]["MAIL_CONFIGURATION_SET"];
    assert_eq!(*variable, json!({"Ref": "MailConfigurationSet"}));
}

/// A transaction is allowed by the permissions of its writes. AWS does not document whether the
/// condition on `dynamodb:LeadingKeys` then sees the key of each write or those of all writes. If
/// it sees all, two statements for one action allow neither of two such writes in a transaction.
#[test]
fn an_action_of_a_transaction_stands_in_one_statement() {
    for (route, policy) in every_policy() {
        for action in ["ConditionCheckItem", "DeleteItem", "PutItem", "UpdateItem"] {
            let action = format!("dynamodb:{action}");
            let count = policy.statements.iter().filter(|it| it.actions.contains(&action)).count();
            assert!(count <= 1, "{route}: merge its {count} statements for {action}");
        }
    }
}

/// AWS's other partitions, such as `aws-cn`, have other ARNs and other host names.
#[test]
fn the_template_names_no_partition() {
    let template = std::fs::read_to_string(root().join("template.yaml")).expect("the template");
    for (line, number) in template.lines().zip(1..) {
        let arns = line.matches("arn:").count();
        let portable = line.matches("arn:${AWS::Partition}:").count();
        assert_eq!(arns, portable, "template.yaml:{number}: arn:${{AWS::Partition}}: instead");
        let suffix = "amazonaws.com";
        assert!(!line.contains(suffix), "template.yaml:{number}: ${{AWS::URLSuffix}} instead");
    }
}

/// The function of a stream gets permissions for all streams of the account from SAM.
#[test]
fn only_the_tables_stream_is_readable() {
    for (name, function) in functions() {
        let events = function["Events"].as_object().into_iter().flatten();
        if !events.into_iter().any(|(_, event)| event["Type"] == "DynamoDB") {
            continue;
        }
        let mut policy = policies(|_| true)[&route_name(name)].clone();
        let managed = json!({"Properties": {"Policies": [{"Statement": {
            "Effect": "Allow",
            "Action": ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
            "Resource": "*",
        }}]}});
        policy.statements.extend(Policy::of(&managed, &|_| true).statements);
        for action in ["DescribeStream", "GetRecords", "GetShardIterator"] {
            let action = format!("dynamodb:{action}");
            let may = |arn: &str| {
                let resource = Resource::Other(arn.to_owned());
                policy.allows(&Call { action: &action, resource, context: vec![] })
            };
            assert!(may("Table.StreamArn"), "{name}: {action}");
            assert!(!may("arn:of-another-stream"), "{name}: {action}");
        }
    }
}

#[test]
fn stream_readers_stop_retrying_and_report_to_a_queue() {
    for (name, function) in functions() {
        let events = function["Events"].as_object().into_iter().flatten();
        for (source, event) in events.filter(|(_, event)| event["Type"] == "DynamoDB") {
            let (why, own) = (format!("{name}, its event {source}"), &event["Properties"]);
            assert_eq!(own["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]), "{why}");
            assert_eq!(own["BisectBatchOnFunctionError"], true, "{why}");
            for limit in ["MaximumRetryAttempts", "MaximumRecordAgeInSeconds"] {
                assert!(own[limit].as_i64().is_some_and(|limit| limit > 0), "{why}: {limit}");
            }
            assert!(
                own["FilterCriteria"]["Filters"].is_array(),
                "{why}: add a filter, since it does not need every change"
            );

            let failures = &own["DestinationConfig"]["OnFailure"]["Destination"];
            let allowed = function["Policies"][0]["Statement"].as_array().into_iter().flatten();
            let mut allowed = allowed.filter(|right| right["Action"] == "sqs:SendMessage");
            assert!(failures["Fn::GetAtt"].is_array(), "{why}: DestinationConfig");
            assert!(allowed.any(|right| right["Resource"] == *failures), "{why}: sqs:SendMessage");
        }
    }
}

#[test]
fn queues_are_encrypted_and_have_the_longest_retention() {
    for (name, queue) in template().resources("AWS::SQS::Queue") {
        assert_eq!(queue["Properties"]["SqsManagedSseEnabled"], true, "{name}");
        assert_eq!(queue["Properties"]["MessageRetentionPeriod"], 14 * 24 * 60 * 60, "{name}");
    }
}

#[test]
fn a_message_is_claimed_for_longer_than_its_function_runs() {
    let (_, function) = functions().find(|(name, _)| *name == "DeliverMailFunction").expect("it");
    let timeout = function["Timeout"].as_i64().expect("seconds");
    assert!(
        timeout < CLAIM_LIFETIME.whole_seconds(),
        "CLAIM_LIFETIME in shared/store/deliveries.rs"
    );
}

#[test]
fn a_shop_with_email_verification_must_have_a_sender() {
    let rule = &template().as_value()["Rules"]["VerificationNeedsMail"];
    let verifies = json!({"Fn::Equals": [{"Ref": "EmailVerification"}, "on"]});
    let has_mail = json!({"Fn::Not": [{"Fn::Equals": [{"Ref": "MailFrom"}, ""]}]});
    assert_eq!(rule["RuleCondition"], verifies);
    assert_eq!(rule["Assertions"][0]["Assert"], has_mail);
    assert_eq!(template().as_value()["Conditions"]["HasMail"], has_mail);
}

#[test]
fn functions_have_no_managed_policies_and_no_custom_roles() {
    for (name, function) in functions() {
        assert!(function.get("Role").is_none(), "{name}: write a policy, not a role");
        for policy in function["Policies"].as_array().into_iter().flatten() {
            assert!(
                policy["Statement"].is_array(),
                "{name}: SAM's policy templates allow more than a route needs: {policy}"
            );
        }
    }
}

#[test]
fn only_functions_that_issue_tokens_may_read_the_key() {
    for (route, policy) in every_policy() {
        let actions: Vec<_> =
            policy.allowing().flat_map(|(statement, _)| &statement.actions).collect();
        let may = |action: &str| actions.iter().any(|allowed| *allowed == action);
        let is_issuer = ISSUERS.contains(&route.as_str());
        assert_eq!(may("ssm:GetParameter"), is_issuer, "{route}");
        assert_eq!(may("ssm:PutParameter"), is_issuer || route == "rotate-token-key", "{route}");
    }
}

/// Whoever may replace the private key can sign whatever tokens they like.
#[test]
fn only_the_rotation_may_overwrite_the_key() {
    let key = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/bodega/\
               ${AWS::StackName}/token-key";
    let key = Resource::Other(key.to_owned());
    for (route, policy) in every_policy() {
        let is_rotation = route == "rotate-token-key";
        let makes_one = is_rotation || ISSUERS.contains(&route.as_str());
        let may_put = |overwrite| {
            let (action, resource) = ("ssm:PutParameter", key.clone());
            let context = vec![("ssm:Overwrite", overwrite)];
            policy.allows(&Call { action, resource, context })
        };
        assert_eq!(may_put("false"), makes_one, "{route}");
        assert_eq!(may_put("true"), is_rotation, "{route}");
    }
}

#[test]
fn route_not_found_has_no_policy_of_its_own() {
    assert_eq!(policies(|_| true)["route-not-found"].statements, []);
}

#[test]
fn the_gateways_cors_settings_equal_our_codes() {
    let lists = &template().as_value()["Resources"]["Api"]["Properties"]["DefinitionBody"]["x-amazon-apigateway-cors"];
    let why = "template.yaml, Api: the same list as in shared/http/cors.rs";
    assert_eq!(lists["allowMethods"], json!(cors::METHODS), "{why}");
    assert_eq!(lists["allowHeaders"], json!(cors::ALLOWED_HEADERS), "{why}");
    assert_eq!(lists["exposeHeaders"], json!(cors::EXPOSED_HEADERS), "{why}");
    assert_eq!(lists["maxAge"], json!(cors::MAX_AGE), "{why}");
}

#[test]
fn every_function_has_more_time_than_its_route() {
    for route in ROUTES {
        let name = route.name;
        let seconds = |function: &Value| function["Timeout"].as_u64();
        let own =
            functions().find(|(function, _)| route_name(function) == name).expect("a function").1;
        let timeout = seconds(own).or(seconds(globals())).expect("a timeout");
        let deadline = route.deadline.unwrap_or(Timeouts::default().request);
        // The start-up takes some of the time, and the gateway waits for 30 seconds.
        let (least, most) = (deadline + Duration::from_secs(2), Duration::from_secs(29));
        let timeout = Duration::from_secs(timeout);
        assert!(least <= timeout && deadline <= most, "{name}: {deadline:?} in {timeout:?}");
    }
}

#[test]
fn every_environment_variable_is_read_by_the_configuration() {
    let read = RefCell::new(BTreeSet::new());
    let config = Config::read(|name| {
        read.borrow_mut().insert(name);
        let is_required = matches!(
            name,
            "TABLE_NAME" | "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY"
        );
        is_required.then(|| name.to_owned())
    });
    config.expect("what is required is set");
    let read = read.into_inner();
    for (name, function) in functions().chain([("Globals", globals())]) {
        for variable in function["Environment"]["Variables"].as_object().into_iter().flatten() {
            assert!(
                read.contains(variable.0.as_str()),
                "{name} sets {}, which shared/config.rs does not read",
                variable.0
            );
        }
    }
}

#[test]
fn the_table_is_protected_against_deletion() {
    let table = &template().as_value()["Resources"]["Table"];
    assert_eq!(table["DeletionPolicy"], "Retain");
    assert_eq!(table["UpdateReplacePolicy"], "Retain");
    let properties = &table["Properties"];
    assert_eq!(properties["DeletionProtectionEnabled"], true);
    assert_eq!(properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
}
