//! The functions' policies in `template.yaml`, and the calls that they allow.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::database::template;

/// The permissions of a function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policy {
    /// Its statements, in the order of the template.
    pub statements: Vec<Statement>,
}

/// Actions that a function may or may not do, and on which resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Whether it allows or denies.
    pub effect: Effect,
    /// IAM actions, such as `dynamodb:GetItem`.
    pub actions: Vec<String>,
    /// The resources.
    pub resources: Resources,
    /// The conditions. A statement applies to a call that meets all of them.
    pub conditions: Vec<Condition>,
}

/// What a statement does to the calls that it applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It allows them, unless another statement denies them.
    Allow,
    /// It denies them, whatever other statements allow.
    Deny,
}

/// The resources of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resources {
    /// `Resource`: these.
    These(Vec<Resource>),
    /// `NotResource`: all but these.
    AllBut(Vec<Resource>),
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

/// A condition of a statement: how the values of a key in a call compare to its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    operator: Operator,
    /// The condition key, such as `dynamodb:LeadingKeys`.
    pub key: String,
    /// The values that it names. `!Ref MailFrom` is `${MailFrom}`.
    pub values: Vec<String>,
}

/// The condition operators that the template uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    /// `ForAllValues:StringLike`: each value of the call is like one of the condition's. True for a
    /// call without values.
    AllLike,
    /// `StringEquals`. False for a call without a value.
    Equals,
    /// `StringEqualsIgnoreCase`. False for a call without a value.
    EqualsIgnoringCase,
}

/// A call, as IAM sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call<'a> {
    /// The IAM action.
    pub action: &'a str,
    /// The resource.
    pub resource: Resource,
    /// The condition keys of the call, each with one value.
    pub context: Vec<(&'a str, &'a str)>,
}

/// The condition key with the partition keys of a call to DynamoDB.
const LEADING_KEYS: &str = "dynamodb:LeadingKeys";

/// Returns the policy of every function, by its route's name, in a stack for which these conditions
/// of the template hold.
pub fn policies(holds: impl Fn(&str) -> bool) -> BTreeMap<String, Policy> {
    let functions = template().resources("AWS::Serverless::Function");
    functions.map(|(name, function)| (route_name(name), Policy::of(function, &holds))).collect()
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
    /// Reads the policy of a function's resource, in a stack for which these conditions hold.
    pub fn of(function: &Value, holds: &dyn Fn(&str) -> bool) -> Self {
        let documents = decided(&function["Properties"]["Policies"], holds).unwrap_or_default();
        let statements = list(&documents).flat_map(|document| list(&document["Statement"]));
        Self { statements: statements.map(Statement::of).collect() }
    }

    /// Returns whether it allows a call.
    pub fn allows(&self, call: &Call<'_>) -> bool {
        let applies = |effect| {
            let mut statements = self.statements.iter();
            statements.any(|statement| statement.effect == effect && statement.applies_to(call))
        };
        applies(Effect::Allow) && !applies(Effect::Deny)
    }

    /// Returns the statements that allow, each with its resources.
    pub fn allowing(&self) -> impl Iterator<Item = (&Statement, &[Resource])> {
        let allowing = self.statements.iter().filter(|it| it.effect == Effect::Allow);
        allowing.map(|statement| match &statement.resources {
            Resources::These(resources) => (statement, resources.as_slice()),
            Resources::AllBut(_) => panic!("it allows all but some resources: {statement:#?}"),
        })
    }
}

impl<'a> Call<'a> {
    /// An access to one partition of the table, or of an index.
    pub fn on_partition(action: &'a str, index: Option<&str>, leading_key: &'a str) -> Self {
        let resource = index.map_or(Resource::Table, |index| Resource::Index(index.to_owned()));
        Self { action, resource, context: vec![(LEADING_KEYS, leading_key)] }
    }
}

impl Statement {
    fn of(statement: &Value) -> Self {
        let members = statement.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        for member in members {
            let known = ["Effect", "Action", "Resource", "NotResource", "Condition"];
            assert!(known.contains(&member), "unknown member {member}: {statement:#}");
        }
        let resources = |member: &str| list(&statement[member]).map(Resource::of).collect();
        Self {
            effect: match statement["Effect"].as_str() {
                Some("Allow") => Effect::Allow,
                Some("Deny") => Effect::Deny,
                _ => panic!("unknown effect: {statement:#}"),
            },
            actions: list(&statement["Action"]).map(text).collect(),
            resources: match (statement.get("Resource"), statement.get("NotResource")) {
                (Some(_), None) => Resources::These(resources("Resource")),
                (None, Some(_)) => Resources::AllBut(resources("NotResource")),
                _ => panic!("neither Resource nor NotResource, or both: {statement:#}"),
            },
            conditions: Condition::all(&statement["Condition"]),
        }
    }

    fn applies_to(&self, call: &Call<'_>) -> bool {
        self.actions.iter().any(|action| action == call.action)
            && self.resources.include(&call.resource)
            && self.conditions.iter().all(|condition| condition.is_met_by(call))
    }

    /// Returns the partition keys that it is limited to, as patterns; `None` if it has no such
    /// limit.
    pub fn leading_keys(&self) -> Option<&[String]> {
        let mut conditions = self.conditions.iter();
        let limit = conditions.find(|condition| condition.key == LEADING_KEYS);
        limit.map(|limit| limit.values.as_slice())
    }
}

impl Condition {
    /// Reads the `Condition` of a statement.
    fn all(condition: &Value) -> Vec<Self> {
        let operators = condition.as_object().into_iter().flatten();
        let conditions = operators.flat_map(|(name, keys)| {
            let operator = match name.as_str() {
                "ForAllValues:StringLike" => Operator::AllLike,
                "StringEquals" => Operator::Equals,
                "StringEqualsIgnoreCase" => Operator::EqualsIgnoringCase,
                unknown => panic!("add the condition operator {unknown} to {}", file!()),
            };
            let keys = keys.as_object().expect("condition keys").iter();
            keys.map(move |(key, values)| Self {
                operator,
                key: key.clone(),
                values: list(values).map(text).collect(),
            })
        });
        conditions.collect()
    }

    fn is_met_by(&self, call: &Call<'_>) -> bool {
        let of_call = call.context.iter().filter(|(key, _)| *key == self.key);
        let mut of_call = of_call.map(|(_, value)| *value);
        let one_is = |test: &dyn Fn(&str) -> bool| self.values.iter().any(|own| test(own));
        match self.operator {
            Operator::AllLike => of_call.all(|value| one_is(&|own| is_like(value, own))),
            Operator::Equals => of_call.any(|value| one_is(&|own| own == value)),
            Operator::EqualsIgnoringCase => {
                of_call.any(|value| one_is(&|own| own.eq_ignore_ascii_case(value)))
            }
        }
    }
}

impl Resources {
    fn include(&self, resource: &Resource) -> bool {
        match self {
            Self::These(these) => these.iter().any(|own| own.matches(resource)),
            Self::AllBut(these) => !these.iter().any(|own| own.matches(resource)),
        }
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

    /// Whether it is this resource, or a pattern that includes it.
    fn matches(&self, resource: &Self) -> bool {
        match (self, resource) {
            (Self::Other(pattern), Self::Other(arn)) => is_like(arn, pattern),
            _ => self == resource,
        }
    }
}

/// Replaces every `Fn::If` by the value that its condition decides for; `None` for `AWS::NoValue`.
fn decided(value: &Value, holds: &dyn Fn(&str) -> bool) -> Option<Value> {
    if value["Ref"] == "AWS::NoValue" {
        return None;
    }
    if let Some([condition, then, otherwise]) = value["Fn::If"].as_array().map(Vec::as_slice) {
        let condition = condition.as_str().expect("the name of a condition");
        return decided(if holds(condition) { then } else { otherwise }, holds);
    }
    Some(match value {
        Value::Array(values) => values.iter().filter_map(|value| decided(value, holds)).collect(),
        Value::Object(members) => {
            let members = members.iter();
            members.filter_map(|(name, it)| Some((name.clone(), decided(it, holds)?))).collect()
        }
        other => other.clone(),
    })
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
    match (value, &value["Ref"]) {
        (Value::String(text), _) => text.clone(),
        (_, Value::String(parameter)) => format!("${{{parameter}}}"),
        _ => panic!("a text or `!Ref` of a parameter, not {value}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A policy of these statements.
    fn policy_of(statements: Value) -> Policy {
        let function = json!({"Properties": {"Policies": [{"Statement": statements}]}});
        Policy::of(&function, &|condition| condition == "On")
    }

    fn policy() -> Policy {
        let keys = |keys: Value| json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys}});
        policy_of(json!([
            {
                "Effect": "Allow",
                "Action": ["dynamodb:GetItem", "dynamodb:Query"],
                "Resource": {"Fn::GetAtt": ["Table", "Arn"]},
                "Condition": keys(json!([
                    "SIGNING_KEYS",
                    "USER#*",
                    {"Fn::If": ["On", "EMAIL#*", {"Ref": "AWS::NoValue"}]},
                    {"Fn::If": ["Off", {"Ref": "AWS::NoValue"}, "CART#*"]},
                    {"Fn::If": ["Off", "SESSION#*", {"Ref": "AWS::NoValue"}]},
                ])),
            },
            {
                "Effect": "Allow",
                "Action": "dynamodb:Query",
                "Resource": {"Fn::Sub": "${Table.Arn}/index/users-by-name"},
                "Condition": keys(json!(["USERS"])),
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
            {
                "Effect": "Allow",
                "Action": "ses:SendEmail",
                "Resource": {"Fn::Sub": "arn:ses:identity/*"},
                "Condition": {"StringEqualsIgnoreCase": {"ses:FromAddress": {"Ref": "MailFrom"}}},
            },
            {"Effect": "Allow", "Action": "dynamodb:GetRecords", "Resource": "arn:streams/*"},
            {
                "Effect": "Deny",
                "Action": "dynamodb:GetRecords",
                "NotResource": {"Fn::GetAtt": ["Table", "StreamArn"]},
            },
        ]))
    }

    #[test]
    fn a_policy_allows_only_what_it_names() {
        for (action, index, key, allowed) in [
            ("dynamodb:GetItem", None, "USER#usr_1", true),
            ("dynamodb:GetItem", None, "SIGNING_KEYS", true),
            ("dynamodb:GetItem", None, "EMAIL#1", true),
            ("dynamodb:GetItem", None, "CART#1", true),
            ("dynamodb:GetItem", None, "SESSION#1", false),
            ("dynamodb:GetItem", None, "SIGNING_KEYS_2", false),
            ("dynamodb:GetItem", None, "ORDER#ord_1", false),
            ("dynamodb:PutItem", None, "USER#usr_1", false),
            ("dynamodb:GetItem", Some("users-by-name"), "USERS", false),
            ("dynamodb:Query", Some("users-by-name"), "USERS", true),
            ("dynamodb:Query", Some("users-by-name"), "USER#usr_1", false),
            ("dynamodb:Query", Some("customer-orders"), "USERS", false),
        ] {
            let call = Call::on_partition(action, index, key);
            assert_eq!(policy().allows(&call), allowed, "{call:?}");
        }
    }

    #[test]
    fn conditions_and_denials_count_as_in_iam() {
        let from = "ses:FromAddress";
        let (both, overwrite) =
            (vec![(LEADING_KEYS, "USER#1"), (LEADING_KEYS, "ORDER#1")], "ssm:Overwrite");
        for (action, arn, context, allowed) in [
            ("ssm:PutParameter", "arn:ssm:kept", vec![], true),
            ("ssm:PutParameter", "arn:ssm:kept", vec![(overwrite, "false")], true),
            ("ssm:PutParameter", "arn:ssm:kept", vec![(overwrite, "true")], false),
            ("ssm:PutParameter", "arn:ssm:other", vec![(overwrite, "true")], true),
            ("ssm:GetParameter", "arn:ssm:other", vec![], false),
            ("ses:SendEmail", "arn:ses:identity/shop", vec![(from, "${mailfrom}")], true),
            ("ses:SendEmail", "arn:ses:identity/shop", vec![(from, "eve@example.com")], false),
            ("ses:SendEmail", "arn:ses:identity/shop", vec![], false),
            ("ses:SendEmail", "arn:ses:template/shop", vec![(from, "${MailFrom}")], false),
            ("dynamodb:GetRecords", "arn:streams/others", vec![], false),
        ] {
            let call = Call { action, resource: Resource::Other(arn.to_owned()), context };
            assert_eq!(policy().allows(&call), allowed, "{call:?}");
        }
        for (context, allowed) in [(both, false), (vec![], true)] {
            let call = Call { action: "dynamodb:GetItem", resource: Resource::Table, context };
            assert_eq!(policy().allows(&call), allowed, "all values of {call:?}");
        }
    }

    #[test]
    #[should_panic(expected = "add the condition operator StringNotLike")]
    fn an_unknown_condition_operator_is_not_ignored() {
        policy_of(json!({
            "Effect": "Deny",
            "Action": "ssm:GetParameter",
            "Resource": "arn",
            "Condition": {"StringNotLike": {"aws:PrincipalTag/role": "shop"}},
        }));
    }

    #[test]
    #[should_panic(expected = "unknown member NotAction")]
    fn an_unknown_member_of_a_statement_is_not_ignored() {
        policy_of(json!({"Effect": "Deny", "NotAction": "ssm:GetParameter", "Resource": "arn"}));
    }

    #[test]
    fn a_function_without_policies_may_do_nothing() {
        let policy = Policy::of(&json!({"Properties": {}}), &|_| true);
        let call = Call::on_partition("dynamodb:GetItem", None, "SIGNING_KEYS");
        assert!(!policy.allows(&call));
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
