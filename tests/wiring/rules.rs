//! The house rules of `template.yaml`.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::config::Config;
use shared::http::cors;
use tests::database::template;
use tests::policy::{Resource, policies};

/// What a route may ask of the database. Reading everything is not among it.
const ACTIONS: [&str; 9] = [
    "dynamodb:BatchGetItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
    "ssm:GetParameter",
    "ssm:PutParameter",
];

/// The functions whose answers hold an access token.
const ISSUERS: [&str; 2] = ["log-in", "refresh-token"];

fn functions() -> impl Iterator<Item = (&'static str, &'static Value)> {
    let functions = template().resources("AWS::Serverless::Function");
    functions.map(|(name, function)| (name, &function["Properties"]))
}

fn globals() -> &'static Value {
    &template().as_value()["Globals"]["Function"]
}

#[test]
fn every_function_logs_into_a_group_of_its_own_that_forgets() {
    for (name, function) in functions() {
        let group = name.replace("Function", "Logs");
        assert_eq!(
            function["LoggingConfig"]["LogGroup"],
            json!({"Ref": group}),
            "{name}: LoggingConfig: {{LogGroup: !Ref {group}}}"
        );
        let mut groups = template().resources("AWS::Logs::LogGroup");
        let (_, group) = groups
            .find(|(own, _)| *own == group)
            .unwrap_or_else(|| panic!("add the log group {group} behind {name}"));
        assert_eq!(
            group["Properties"]["RetentionInDays"],
            json!({"Ref": "LogRetentionDays"}),
            "{name}: its log group needs RetentionInDays: !Ref LogRetentionDays"
        );
    }
    assert_eq!(globals()["LoggingConfig"]["LogFormat"], "JSON");
}

#[test]
fn every_function_runs_on_the_machines_it_was_built_for() {
    assert_eq!(globals()["Architectures"], json!([{"Ref": "Architecture"}]));
    assert_eq!(template().as_value()["Parameters"]["Architecture"]["Default"], "arm64");
    for (name, function) in functions() {
        for common in ["Runtime", "Handler", "Architectures"] {
            assert!(function.get(common).is_none(), "{name}: {common} belongs into Globals");
        }
    }
}

#[test]
fn a_policy_names_what_its_route_does() {
    for (route, policy) in policies() {
        for statement in &policy.statements {
            for action in &statement.actions {
                assert!(
                    ACTIONS.contains(&action.as_str()),
                    "{route} may do {action}: think again, or add it to ACTIONS in {}",
                    file!(),
                );
            }
            for resource in &statement.resources {
                match resource {
                    Resource::Other(arn) => {
                        assert!(!arn.contains('*'), "{route} may do something to all of {arn}");
                        assert!(arn.contains(":ssm:"), "{route}: what is {arn}?");
                    }
                    Resource::Table | Resource::Index(_) => {
                        let keys = statement.leading_keys.as_deref().unwrap_or_default();
                        assert!(!keys.is_empty(), "{route}: limit it by dynamodb:LeadingKeys");
                        assert!(
                            keys.iter().all(|key| !key.starts_with(['*', '?'])),
                            "{route}: a pattern begins with the kind of its keys: {keys:?}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn managed_policies_and_roles_of_ones_own_are_not_for_functions() {
    for (name, function) in functions() {
        assert!(function.get("Role").is_none(), "{name}: write a policy, not a role");
        for policy in function["Policies"].as_array().into_iter().flatten() {
            assert!(
                policy["Statement"].is_array(),
                "{name}: SAM's own policies are wider than a route: {policy}"
            );
        }
    }
}

#[test]
fn only_functions_that_issue_tokens_may_read_the_key() {
    for (route, policy) in policies() {
        let reads_key = policy
            .statements
            .iter()
            .flat_map(|statement| &statement.actions)
            .any(|action| action.starts_with("ssm:"));
        assert_eq!(reads_key, ISSUERS.contains(&route.as_str()), "{route}");
    }
}

#[test]
fn what_answers_unknown_paths_has_no_rights_at_all() {
    assert_eq!(policies()["route-not-found"].statements, []);
}

#[test]
fn the_gateway_answers_other_origins_as_our_code_does() {
    let lists = &template().as_value()["Resources"]["Api"]["Properties"]["DefinitionBody"]["x-amazon-apigateway-cors"];
    let why = "template.yaml, Api: the same list as in shared/http/cors.rs";
    assert_eq!(lists["allowMethods"], json!(cors::METHODS), "{why}");
    assert_eq!(lists["allowHeaders"], json!(cors::ALLOWED_HEADERS), "{why}");
    assert_eq!(lists["exposeHeaders"], json!(cors::EXPOSED_HEADERS), "{why}");
    assert_eq!(lists["maxAge"], json!(cors::MAX_AGE), "{why}");
}

#[test]
fn every_variable_is_one_that_the_configuration_reads() {
    let read = RefCell::new(BTreeSet::new());
    let config = Config::read(|name| {
        read.borrow_mut().insert(name);
        Some("USD".to_owned())
    });
    config.expect("every setting can be USD");
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
fn the_table_outlives_mistakes() {
    let table = &template().as_value()["Resources"]["Table"];
    assert_eq!(table["DeletionPolicy"], "Retain");
    assert_eq!(table["UpdateReplacePolicy"], "Retain");
    let properties = &table["Properties"];
    assert_eq!(properties["DeletionProtectionEnabled"], true);
    assert_eq!(properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
}
