//! Makes a real request or response an example: what differs in each run is replaced.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use shared::domain::order::OrderNumber;

/// Items of a list in an example.
const ITEMS: usize = 2;

/// Values that differ in each shop or request, by the names of their members, and what an example
/// has instead.
const VALUES: [(&str, &str); 6] = [
    (
        "access_token",
        "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.eyJzdWIiOiJ1c3JfMSJ9.c2lnbmF0dXJl",
    ),
    ("refresh_token", "c2Vzc2lvbi1hbmQtc2VjcmV0"),
    ("next_cursor", "cG9zaXRpb24"),
    ("request_id", "JKJaXmPLvHcESHA03="),
    ("kid", "8uNC--32u1RsOczH"),
    ("x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
];

const TIME: &str = "2026-01-01T12:00:00.000Z";

/// Returns the problem that a test has met, as an example.
pub fn problem(body: &Value) -> Value {
    Names::default().replaced("", body.clone())
}

/// The identifiers that an example has instead of the real ones, by the real ones.
#[derive(Default)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// Replaces what differs in each run, and shortens lists. `member` is the name of the value's
    /// member.
    pub fn replaced(&mut self, member: &str, value: Value) -> Value {
        match value {
            Value::String(text) => {
                let fixed = VALUES.iter().find(|(name, _)| *name == member);
                fixed.map_or_else(|| self.text(&text), |(_, value)| (*value).to_owned()).into()
            }
            Value::Array(items) => {
                let count = if member == "data" { ITEMS } else { items.len() };
                items.into_iter().take(count).map(|item| self.replaced("", item)).collect()
            }
            Value::Object(members) => {
                let replaced = members.into_iter().map(|(name, value)| {
                    let value = self.replaced(&name, value);
                    (name, value)
                });
                with_number(replaced.collect())
            }
            other => other,
        }
    }

    fn text(&mut self, text: &str) -> String {
        if is_time(text) {
            return TIME.to_owned();
        }
        if let Some(rest) = after_generated_sku(text) {
            return format!("SKU-0123456789{rest}");
        }
        let mut replaced = String::new();
        let mut rest = text;
        while let Some((before, uuid, after)) = next_uuid(rest) {
            let number = self.0.len() + 1;
            let name = self.0.entry(uuid.to_owned());
            let name = name.or_insert_with(|| format!("019b7a1c-0000-7000-8000-{number:012}"));
            replaced.push_str(before);
            replaced.push_str(name);
            rest = after;
        }
        replaced + rest
    }
}

/// Gives an order the number that follows from its identifier.
fn with_number(mut object: Map<String, Value>) -> Value {
    let order = object.get("id").and_then(Value::as_str).and_then(|id| id.parse().ok());
    if let (Some(order), Some(number)) = (order, object.get_mut("number")) {
        *number = json!(OrderNumber::of(order));
    }
    Value::Object(object)
}

fn is_time(text: &str) -> bool {
    text.len() == TIME.len()
        && text.bytes().zip(TIME.bytes()).all(|(given, pattern)| match pattern {
            b'0'..=b'9' => given.is_ascii_digit(),
            other => given == other,
        })
}

/// Returns what follows the part of a SKU that the shop makes from the product's identifier.
fn after_generated_sku(text: &str) -> Option<&str> {
    let (digits, rest) = text.strip_prefix("SKU-")?.split_at_checked(10)?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(rest)
}

/// Returns the text before the first UUID after an underscore, the UUID, and the text after it.
fn next_uuid(text: &str) -> Option<(&str, &str, &str)> {
    const LENGTH: usize = 36;
    text.match_indices('_').find_map(|(at, _)| {
        let uuid = text.get(at + 1..at + 1 + LENGTH)?;
        let is_uuid = uuid.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
        is_uuid.then(|| (&text[..=at], uuid, &text[at + 1 + LENGTH..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_example_is_the_same_in_every_run() {
        let response = json!({
            "id": "ord_01970907-de00-7728-bad5-9ebbe80679c8",
            "instance": "/orders/ord_01970907-de00-7728-bad5-9ebbe80679c8",
            "placed_at": "2025-03-04T05:06:07.089Z",
            "request_id": "abc",
            "number": "1234-5678-9ABC",
            "sku": "SKU-A98FC31824-2",
            "data": [1, 2, 3],
        });
        assert_eq!(
            problem(&response),
            json!({
                "id": "ord_019b7a1c-0000-7000-8000-000000000001",
                "instance": "/orders/ord_019b7a1c-0000-7000-8000-000000000001",
                "placed_at": TIME,
                "request_id": "JKJaXmPLvHcESHA03=",
                "number": "0XDF-5100-0000",
                "sku": "SKU-0123456789-2",
                "data": [1, 2],
            })
        );
    }
}
