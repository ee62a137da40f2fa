//! Event filter patterns: which records a function is invoked with.
//!
//! Supports only the rules that `template.yaml` uses, of
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax>:
//! a pattern has the structure of the event, with a list of strings at each leaf. An event matches
//! if each of these members equals one of the strings. Any other rule is an error.

use serde_json::Value;

use crate::failure::{Explain, Failure, Result};

/// A filter pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern(Value);

impl Pattern {
    /// Parses a pattern from JSON text; fails for a rule that is not supported.
    pub fn parse(text: &str) -> Result<Self> {
        let reading = || format!("the filter pattern {text}");
        let pattern: Value = serde_json::from_str(text).explain(reading)?;
        if !pattern.is_object() {
            return Err("must be an object").explain(reading);
        }
        check(&pattern).explain(reading)?;
        Ok(Self(pattern))
    }

    /// Whether an event matches.
    pub fn matches(&self, event: &Value) -> bool {
        fits(&self.0, event)
    }
}

fn check(pattern: &Value) -> Result<()> {
    match pattern {
        Value::Object(members) if members.is_empty() => {
            Err(Failure::new("an empty object matches everything"))
        }
        Value::Object(members) => {
            members.iter().try_for_each(|(name, member)| check(member).explain(|| name))
        }
        Value::Array(texts) if texts.is_empty() => {
            Err(Failure::new("an empty list matches nothing"))
        }
        Value::Array(texts) => match texts.iter().find(|text| !text.is_string()) {
            Some(rule) => {
                Err(Failure::new(format!("the local cloud supports strings only, not {rule}")))
            }
            None => Ok(()),
        },
        other => Err(Failure::new(format!("it must be a list of strings, not {other}"))),
    }
}

fn fits(pattern: &Value, event: &Value) -> bool {
    match pattern {
        Value::Object(members) => members
            .iter()
            .all(|(name, member)| event.get(name).is_some_and(|event| fits(member, event))),
        Value::Array(texts) => texts.contains(event),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_matches_if_every_leaf_does() {
        let record = json!({
            "eventName": "INSERT",
            "dynamodb": {"SizeBytes": 26, "NewImage": {"type": {"S": "message"}}},
        });
        for (pattern, fits) in [
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
            (r#"{"dynamodb": {"OldImage": {"type": {"S": ["message"]}}}}"#, false),
            (r#"{"dynamodb": {"NewImage": {"type": ["message"]}}}"#, false),
            (r#"{"dynamodb": {"SizeBytes": ["26"]}}"#, false),
        ] {
            assert_eq!(Pattern::parse(pattern).unwrap().matches(&record), fits, "{pattern}");
        }
    }

    #[test]
    fn an_unsupported_pattern_is_an_error() {
        for (pattern, named) in [
            ("eventName", "expected"),
            (r#"["INSERT"]"#, "object"),
            ("{}", "empty"),
            (r#"{"eventName": "INSERT"}"#, "list of strings"),
            (r#"{"eventName": []}"#, "empty"),
            (r#"{"eventName": [["INSERT"]]}"#, "INSERT"),
            (r#"{"eventName": [{"prefix": "IN"}]}"#, "prefix"),
            (r#"{"eventName": [{"exists": true}]}"#, "exists"),
            (r#"{"size": [{"numeric": [">", 5]}]}"#, "numeric"),
            (r#"{"size": [5]}"#, "5"),
            (r#"{"eventName": [null]}"#, "null"),
            (r#"{"$or": [{"eventName": ["INSERT"]}]}"#, "$or"),
        ] {
            let words = Pattern::parse(pattern).unwrap_err().to_string();
            assert!(words.contains(named), "{pattern}: {words}");
        }
    }
}
