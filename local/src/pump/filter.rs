//! Event filter patterns: which records a function wants to see.
//!
//! The rules are those of
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax>:
//! a pattern has the shape of the event, with a list of rules at each leaf. A leaf matches if one
//! of its rules does, a pattern if all its leaves do. What DynamoDB's attributes make of them is in
//! <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-filtering.html>: a number of an item is
//! a text in the record, so `numeric` never matches it, and `exists` asks for a leaf
//! (`{"name": {"S": [{"exists": true}]}}`).

use std::cmp::Ordering;

use serde_json::{Map, Value};

use crate::failure::{Explain, Failure, Result};

/// One filter.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern(All);

/// What must hold together.
type All = Vec<Condition>;

#[derive(Debug, Clone, PartialEq)]
enum Condition {
    /// The member of this name fits the nested pattern.
    Nested(String, All),
    /// The member of this name fits one of the rules.
    Leaf(String, Vec<Rule>),
    /// `$or`: one of the patterns fits.
    Either(Vec<All>),
}

#[derive(Debug, Clone, PartialEq)]
enum Rule {
    Equals(Value),
    EqualsIgnoreCase(String),
    Prefix(String),
    Suffix(String),
    AnythingBut(Vec<Value>),
    Exists(bool),
    Numeric(Vec<(Comparison, f64)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Pattern {
    /// Reads a pattern, which is JSON in a text.
    pub fn parse(text: &str) -> Result<Self> {
        let reading = || format!("the filter pattern {text}");
        let json: Value = serde_json::from_str(text).explain(reading)?;
        let members = json.as_object().ok_or("must be an object").explain(reading)?;
        all(members).map(Self).explain(reading)
    }

    /// Whether an event fits.
    pub fn matches(&self, event: &Value) -> bool {
        fits_all(&self.0, Some(event))
    }
}

fn all(members: &Map<String, Value>) -> Result<All> {
    if members.is_empty() {
        return Err(Failure::new("an empty object says nothing"));
    }
    members.iter().map(|(name, value)| condition(name, value)).collect()
}

fn condition(name: &str, value: &Value) -> Result<Condition> {
    match value {
        Value::Array(choices) if name == "$or" => {
            let choices = choices.iter().map(|choice| match choice {
                Value::Object(members) => all(members),
                other => Err(Failure::new(format!("$or takes objects, not {other}"))),
            });
            Ok(Condition::Either(choices.collect::<Result<_>>()?))
        }
        Value::Array(rules) if rules.is_empty() => Err(Failure::new(format!("{name} has no rule"))),
        Value::Array(rules) => {
            let rules = rules.iter().map(rule).collect::<Result<_>>();
            Ok(Condition::Leaf(name.to_owned(), rules.explain(|| name)?))
        }
        Value::Object(members) => {
            Ok(Condition::Nested(name.to_owned(), all(members).explain(|| name)?))
        }
        other => Err(Failure::new(format!("{name} must be a list of rules, not {other}"))),
    }
}

fn rule(json: &Value) -> Result<Rule> {
    let Some(members) = json.as_object() else {
        return match json {
            Value::Array(_) => Err(Failure::new("a rule is no list")),
            value => Ok(Rule::Equals(value.clone())),
        };
    };
    let mut members = members.iter();
    let (Some((operator, operand)), None) = (members.next(), members.next()) else {
        return Err(Failure::new(format!("a rule has one operator: {json}")));
    };
    let text = || operand.as_str().map(str::to_owned);
    let parsed = match operator.as_str() {
        "prefix" => text().map(Rule::Prefix),
        "suffix" => text().map(Rule::Suffix),
        "equals-ignore-case" => text().map(Rule::EqualsIgnoreCase),
        "exists" => operand.as_bool().map(Rule::Exists),
        "anything-but" => anything_but(operand),
        "numeric" => numeric(operand),
        _ => return Err(Failure::new(format!("there is no operator «{operator}»"))),
    };
    parsed.ok_or_else(|| Failure::new(format!("{operator} can't take {operand}")))
}

fn anything_but(operand: &Value) -> Option<Rule> {
    let values = match operand {
        Value::Array(values) => values.clone(),
        value => vec![value.clone()],
    };
    let plain = values.iter().all(|value| value.is_string() || value.is_number());
    (plain && !values.is_empty()).then_some(Rule::AnythingBut(values))
}

/// `["=", 5]`, `[">", 0, "<=", 100]`
fn numeric(operand: &Value) -> Option<Rule> {
    let parts = operand.as_array().filter(|parts| matches!(parts.len(), 2 | 4))?;
    let comparisons = parts.chunks(2).map(|pair| {
        let comparison = match pair[0].as_str()? {
            "=" => Comparison::Equal,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            _ => return None,
        };
        Some((comparison, pair[1].as_f64()?))
    });
    comparisons.collect::<Option<_>>().map(Rule::Numeric)
}

fn fits_all(conditions: &[Condition], event: Option<&Value>) -> bool {
    conditions.iter().all(|condition| match condition {
        Condition::Nested(name, nested) => {
            fits_all(nested, event.and_then(|event| event.get(name)))
        }
        Condition::Leaf(name, rules) => {
            let leaf = event.and_then(|event| event.get(name)).filter(|value| !value.is_object());
            rules.iter().any(|rule| rule.fits(leaf))
        }
        Condition::Either(choices) => choices.iter().any(|choice| fits_all(choice, event)),
    })
}

impl Rule {
    fn fits(&self, leaf: Option<&Value>) -> bool {
        match (self, leaf) {
            (Self::Exists(wanted), leaf) => *wanted == leaf.is_some(),
            (_, None) => false,
            // A list in the event fits if one of its values does.
            (rule, Some(Value::Array(values))) => values.iter().any(|value| rule.fits_one(value)),
            (rule, Some(value)) => rule.fits_one(value),
        }
    }

    fn fits_one(&self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Self::Equals(wanted) => same(wanted, value),
            Self::EqualsIgnoreCase(wanted) => {
                text.is_some_and(|text| text.to_lowercase() == wanted.to_lowercase())
            }
            Self::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix)),
            Self::Suffix(suffix) => text.is_some_and(|text| text.ends_with(suffix)),
            Self::AnythingBut(unwanted) => !unwanted.iter().any(|one| same(one, value)),
            Self::Exists(wanted) => *wanted,
            Self::Numeric(comparisons) => value.as_f64().is_some_and(|number| {
                comparisons.iter().all(|(comparison, limit)| comparison.holds(number, *limit))
            }),
        }
    }
}

/// Equal, numbers by their value: `5` is `5.0`.
fn same(one: &Value, other: &Value) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one.total_cmp(&other).is_eq(),
        _ => one == other,
    }
}

impl Comparison {
    fn holds(self, number: f64, limit: f64) -> bool {
        let order = number.partial_cmp(&limit);
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Self::Greater => order == Some(Ordering::Greater),
            Self::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record() -> Value {
        json!({
            "eventName": "INSERT",
            "dynamodb": {
                "SizeBytes": 26,
                "Keys": {"pk": {"S": "OUTBOX#msg_1"}},
                "NewImage": {
                    "type": {"S": "message"},
                    "amount": {"N": "5"},
                    "nothing": {"NULL": null},
                    "sizes": {"SS": ["S", "M"]},
                },
            },
        })
    }

    #[test]
    fn a_record_fits_as_lambda_documents() {
        for (pattern, fits) in [
            // the shape: all leaves, one rule each
            (r#"{"eventName": ["INSERT"]}"#, true),
            (r#"{"eventName": ["MODIFY", "INSERT"]}"#, true),
            (r#"{"eventName": ["REMOVE"]}"#, false),
            (
                r#"{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"type": {"S": ["message"]}}}}"#,
                true,
            ),
            (
                r#"{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"type": {"S": ["order"]}}}}"#,
                false,
            ),
            (
                r#"{"eventName": ["INSERT"], "dynamodb": {"OldImage": {"type": {"S": ["message"]}}}}"#,
                false,
            ),
            // exact: texts, numbers, null; a number of an item is a text
            (r#"{"dynamodb": {"SizeBytes": [26]}}"#, true),
            (r#"{"dynamodb": {"SizeBytes": [26.0]}}"#, true),
            (r#"{"dynamodb": {"SizeBytes": ["26"]}}"#, false),
            (r#"{"dynamodb": {"NewImage": {"amount": {"N": ["5"]}}}}"#, true),
            (r#"{"dynamodb": {"NewImage": {"nothing": {"NULL": [null]}}}}"#, true),
            (r#"{"dynamodb": {"NewImage": {"absent": {"NULL": [null]}}}}"#, false),
            // prefix, suffix, case
            (r#"{"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "OUTBOX#"}]}}}}"#, true),
            (r#"{"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "ORDER#"}]}}}}"#, false),
            (r#"{"dynamodb": {"Keys": {"pk": {"S": [{"suffix": "msg_1"}]}}}}"#, true),
            (r#"{"eventName": [{"equals-ignore-case": "insert"}]}"#, true),
            // anything-but: there, and other
            (r#"{"eventName": [{"anything-but": "REMOVE"}]}"#, true),
            (r#"{"eventName": [{"anything-but": ["REMOVE", "INSERT"]}]}"#, false),
            (r#"{"absent": [{"anything-but": ["x"]}]}"#, false),
            // exists: of leaves only
            (r#"{"dynamodb": {"NewImage": {"type": {"S": [{"exists": true}]}}}}"#, true),
            (r#"{"dynamodb": {"OldImage": {"type": {"S": [{"exists": false}]}}}}"#, true),
            (r#"{"dynamodb": {"NewImage": {"type": {"S": [{"exists": false}]}}}}"#, false),
            (r#"{"dynamodb": {"NewImage": {"type": [{"exists": true}]}}}"#, false),
            // numeric: of numbers only
            (r#"{"dynamodb": {"SizeBytes": [{"numeric": ["=", 26]}]}}"#, true),
            (r#"{"dynamodb": {"SizeBytes": [{"numeric": [">", 25, "<=", 26]}]}}"#, true),
            (r#"{"dynamodb": {"SizeBytes": [{"numeric": [">", 26]}]}}"#, false),
            (r#"{"dynamodb": {"SizeBytes": [{"numeric": [">=", 26]}]}}"#, true),
            (r#"{"dynamodb": {"SizeBytes": [{"numeric": ["<", 26]}]}}"#, false),
            (r#"{"dynamodb": {"NewImage": {"amount": {"N": [{"numeric": ["=", 5]}]}}}}"#, false),
            // lists of the event, and $or
            (r#"{"dynamodb": {"NewImage": {"sizes": {"SS": ["M"]}}}}"#, true),
            (r#"{"dynamodb": {"NewImage": {"sizes": {"SS": ["L"]}}}}"#, false),
            (r#"{"$or": [{"eventName": ["REMOVE"]}, {"dynamodb": {"SizeBytes": [26]}}]}"#, true),
            (r#"{"$or": [{"eventName": ["REMOVE"]}, {"dynamodb": {"SizeBytes": [27]}}]}"#, false),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap().matches(&record()), fits, "{pattern}");
        }
    }

    #[test]
    fn a_pattern_that_lambda_would_refuse_is_refused() {
        for (pattern, named) in [
            ("eventName", "expected"),
            (r#"["INSERT"]"#, "object"),
            ("{}", "empty"),
            (r#"{"eventName": "INSERT"}"#, "list of rules"),
            (r#"{"eventName": []}"#, "no rule"),
            (r#"{"eventName": [["INSERT"]]}"#, "no list"),
            (r#"{"eventName": [{"wildcard": "IN*"}]}"#, "wildcard"),
            (r#"{"eventName": [{"prefix": 5}]}"#, "prefix"),
            (r#"{"eventName": [{"prefix": "I", "suffix": "T"}]}"#, "one operator"),
            (r#"{"size": [{"numeric": [">"]}]}"#, "numeric"),
            (r#"{"size": [{"numeric": ["about", 5]}]}"#, "numeric"),
            (r#"{"size": [{"anything-but": []}]}"#, "anything-but"),
            (r#"{"$or": ["INSERT"]}"#, "$or"),
        ] {
            let words = Pattern::parse(pattern).unwrap_err().to_string();
            assert!(words.contains(named), "{pattern}: {words}");
        }
    }
}
