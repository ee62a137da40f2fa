//! The functions' policies in `template.yaml`, and the calls that they allow.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::database::template;

/// The permissions of a function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// The statements that allow actions.
    pub statements: Vec<Statement>,
    /// The SSM parameters that it may not overwrite, whatever `statements` allow.
    pub kept_parameters: Vec<Resource>,
}

/// Actions that a function may do, and on which resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// IAM actions, such as `dynamodb:GetItem`.
    pub actions: Vec<String>,
    /// The resources.
    pub resources: Vec<Resource>,
    /// Patterns of the partition keys that it is limited to; `None` if it has no such limit.
    pub leading_keys: Option<Vec<String>>,
    /// Whether it allows only mail from the shop's own email.
    pub from_shop: bool,
}

/// A resource of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// The table.
    Table,
    /// An index of the table.
    Index(String),
    /// Any other, as its ARN is written.
    Other(String),
}

/// Returns the policy of every function, by its route's name.
pub fn policies() -> BTreeMap<String, Policy> {
    let functions = template().resources("AWS::Serverless::Function");
    functions.map(|(name, function)| (route_name(name), Policy::of(function))).collect()
}

/// Returns the route's name: `place-order` for `PlaceOrderFunction`.
pub fn route_name(resource: &str) -> String {
    let mut name = String::new();
    for letter in resource.strip_suffix("Function").unwrap_or(resource).chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

impl Policy {
    /// Reads the policy of a function's resource.
    pub fn of(function: &Value) -> Self {
        let documents = list(&function["Properties"]["Policies"]);
        let statements = documents.flat_map(|document| list(&document["Statement"]));
        // A statement under `Fn::If` counts as if its condition holds.
        let statements = statements.map(|one| one["Fn::If"].get(1).unwrap_or(one));
        let (denying, allowing): (Vec<_>, Vec<_>) =
            statements.partition(|one| one["Effect"] == "Deny");
        Self {
            statements: allowing.into_iter().map(Statement::of).collect(),
            kept_parameters: denying.into_iter().flat_map(kept_parameters).collect(),
        }
    }

    /// Returns whether it allows `ssm:PutParameter` with this `Overwrite`.
    pub fn allows_to_put(&self, parameter: &Resource, overwrite: bool) -> bool {
        let put = "ssm:PutParameter";
        let mut statements = self.statements.iter();
        let is_allowed = statements.any(|statement| {
            statement.actions.iter().any(|allowed| allowed == put)
                && statement.resources.contains(parameter)
        });
        is_allowed && !(overwrite && self.kept_parameters.contains(parameter))
    }

    /// Returns whether it allows an action on a partition of the table, or of an index.
    pub fn allows(&self, action: &str, index: Option<&str>, leading_key: &str) -> bool {
        let resource = match index {
            None => Resource::Table,
            Some(index) => Resource::Index(index.to_owned()),
        };
        self.statements.iter().any(|statement| {
            statement.actions.iter().any(|allowed| allowed == action)
                && statement.resources.contains(&resource)
                && statement.covers(leading_key)
        })
    }
}

impl Statement {
    fn of(statement: &Value) -> Self {
        assert_eq!(statement["Effect"], "Allow", "{statement:#}");
        Self {
            actions: list(&statement["Action"]).map(text).collect(),
            resources: list(&statement["Resource"]).map(Resource::of).collect(),
            leading_keys: statement
                .get("Condition")
                .filter(|it| !is_from_shop(it))
                .map(leading_keys),
            from_shop: is_from_shop(&statement["Condition"]),
        }
    }

    fn covers(&self, leading_key: &str) -> bool {
        let limits = self.leading_keys.as_ref();
        limits.is_none_or(|patterns| patterns.iter().any(|pattern| is_like(leading_key, pattern)))
    }
}

impl Resource {
    fn of(arn: &Value) -> Self {
        let attribute = arn["Fn::GetAtt"].as_array().map(Vec::as_slice);
        let arn = match (attribute, &arn["Fn::Sub"], arn) {
            (Some([resource, arn]), _, _) if resource == "Table" && arn == "Arn" => {
                return Self::Table;
            }
            (Some([resource, arn]), _, _) => {
                return Self::Other(format!("{}.{}", text(resource), text(arn)));
            }
            (_, Value::String(arn), _) | (_, _, Value::String(arn)) => arn,
            _ => panic!("a resource is a text, `!Sub` or `!GetAtt Table.Arn`, not {arn}"),
        };
        match arn.strip_prefix("${Table.Arn}/index/") {
            Some(index) => Self::Index(index.to_owned()),
            None => Self::Other(arn.clone()),
        }
    }
}

/// Returns the parameters that a `Deny` statement protects from being overwritten
/// (<https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-policy-conditions.html>).
/// The only other `Deny` in the template concerns streams of other tables.
fn kept_parameters(denial: &Value) -> Vec<Resource> {
    if denial["Action"] != "ssm:PutParameter" {
        let is_of_streams = denial["NotResource"] == json!({"Fn::GetAtt": ["Table", "StreamArn"]});
        assert!(is_of_streams, "unknown Deny statement: {denial:#}");
        return Vec::new();
    }
    let overwrites = json!({"StringEquals": {"ssm:Overwrite": "true"}});
    assert_eq!(denial["Condition"], overwrites, "a denial of ssm:PutParameter");
    list(&denial["Resource"]).map(Resource::of).collect()
}

/// Returns whether a condition limits the sender of mail to the shop's email.
fn is_from_shop(condition: &Value) -> bool {
    *condition == json!({"StringEqualsIgnoreCase": {"ses:FromAddress": {"Ref": "MailFrom"}}})
}

/// Returns the patterns of a `dynamodb:LeadingKeys` condition, the only other one that the template
/// uses.
fn leading_keys(condition: &Value) -> Vec<String> {
    let members = condition.as_object().map_or(0, serde_json::Map::len);
    let patterns = &condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
    assert!(
        members == 1 && patterns.is_array(),
        "a condition is ForAllValues:StringLike on dynamodb:LeadingKeys, not {condition}"
    );
    list(patterns).map(text).collect()
}

/// Compares like IAM's `StringLike`: `*` matches any text, `?` any character.
fn is_like(text: &str, pattern: &str) -> bool {
    let mut pattern_chars = pattern.chars();
    match pattern_chars.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = pattern_chars.as_str();
            (0..=text.len()).any(|i| text.get(i..).is_some_and(|text| is_like(text, rest)))
        }
        Some(wanted) => {
            let mut text = text.chars();
            let fits = text.next().is_some_and(|letter| wanted == '?' || wanted == letter);
            fits && is_like(text.as_str(), pattern_chars.as_str())
        }
    }
}

/// Returns the elements of a list, or a single value as a list of one.
fn list(value: &Value) -> impl Iterator<Item = &Value> {
    let (many, one) = match value {
        Value::Array(values) => (values.as_slice(), None),
        Value::Null => (&[][..], None),
        one => (&[][..], Some(one)),
    };
    many.iter().chain(one)
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        let keys =
            |keys: &[&str]| json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys}});
        Policy::of(&json!({"Properties": {"Policies": [{"Statement": [
            {
                "Effect": "Allow",
                "Action": ["dynamodb:GetItem", "dynamodb:Query"],
                "Resource": {"Fn::GetAtt": ["Table", "Arn"]},
                "Condition": keys(&["SIGNING_KEYS", "USER#*"]),
            },
            {
                "Effect": "Allow",
                "Action": "dynamodb:Query",
                "Resource": {"Fn::Sub": "${Table.Arn}/index/newest-products"},
                "Condition": keys(&["ACTIVE"]),
            },
            {
                "Effect": "Allow",
                "Action": "ssm:GetParameter",
                "Resource": {"Fn::Sub": "arn:${AWS::Partition}:ssm:key"},
            },
            {
                "Effect": "Allow",
                "Action": "ssm:PutParameter",
                "Resource": [{"Fn::Sub": "arn:ssm:kept"}, {"Fn::Sub": "arn:ssm:other"}],
            },
            {
                "Effect": "Deny",
                "Action": "ssm:PutParameter",
                "Resource": {"Fn::Sub": "arn:ssm:kept"},
                "Condition": {"StringEquals": {"ssm:Overwrite": "true"}},
            },
        ]}]}}))
    }

    #[test]
    fn a_policy_allows_only_what_it_names() {
        for (action, index, key, allowed) in [
            ("dynamodb:GetItem", None, "USER#usr_1", true),
            ("dynamodb:GetItem", None, "SIGNING_KEYS", true),
            ("dynamodb:GetItem", None, "SIGNING_KEYS_2", false),
            ("dynamodb:GetItem", None, "ORDER#ord_1", false),
            ("dynamodb:PutItem", None, "USER#usr_1", false),
            ("dynamodb:GetItem", Some("newest-products"), "ACTIVE", false),
            ("dynamodb:Query", Some("newest-products"), "ACTIVE", true),
            ("dynamodb:Query", Some("newest-products"), "USER#usr_1", false),
            ("dynamodb:Query", Some("customer-orders"), "ACTIVE", false),
        ] {
            let (policy, case) = (policy(), format!("{action} {index:?} {key}"));
            assert_eq!(policy.allows(action, index, key), allowed, "{case}");
        }
    }

    #[test]
    fn a_denial_keeps_a_parameter_from_being_overwritten_and_not_from_being_made() {
        for (parameter, overwrite, allowed) in [
            ("arn:ssm:kept", false, true),
            ("arn:ssm:kept", true, false),
            ("arn:ssm:other", false, true),
            ("arn:ssm:other", true, true),
            ("arn:${AWS::Partition}:ssm:key", false, false),
        ] {
            let put = policy().allows_to_put(&Resource::Other(parameter.to_owned()), overwrite);
            assert_eq!(put, allowed, "{parameter}, overwrite: {overwrite}");
        }
    }

    #[test]
    #[should_panic(expected = "unknown Deny statement")]
    fn an_unknown_deny_statement_is_not_ignored() {
        let denial = json!({"Effect": "Deny", "Action": "ssm:GetParameter", "Resource": "arn"});
        Policy::of(&json!({"Properties": {"Policies": [{"Statement": [denial]}]}}));
    }

    #[test]
    fn a_function_without_policies_may_do_nothing() {
        let policy = Policy::of(&json!({"Properties": {}}));
        assert!(!policy.allows("dynamodb:GetItem", None, "SIGNING_KEYS"));
    }

    #[test]
    fn patterns_match_like_iams_string_like() {
        for (text, pattern, like) in [
            ("USER#1", "USER#*", true),
            ("USER#", "USER#*", true),
            ("USER", "USER#*", false),
            ("XUSER#1", "USER#*", false),
            ("ACTIVE", "ACTIVE", true),
            ("ACTIVE", "ACT?VE", true),
            ("a#b#c", "*#c", true),
            ("", "*", true),
        ] {
            assert_eq!(is_like(text, pattern), like, "{text} like {pattern}");
        }
    }

    #[test]
    fn resource_names_become_route_names() {
        assert_eq!(route_name("PlaceOrderFunction"), "place-order");
        assert_eq!(route_name("GetJwksFunction"), "get-jwks");
    }
}
