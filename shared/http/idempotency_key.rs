//! The `Idempotency-Key` header
//! (<https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>).

use lambda_http::http::Method;
use schemars::{Schema, SchemaGenerator, json_schema};

use crate::crypto::digest::digest;
use crate::domain::error::{Error, Result};
use crate::domain::idempotency::Idempotency;
use crate::domain::json::Json;
use crate::domain::problem_code::ProblemCode;

/// Reads a key: 1 to 255 visible ASCII characters, with or without double quotes. 400
/// `invalid_idempotency_key` for any other text.
pub(super) fn parse(header: &str) -> Result<&str> {
    let quoted = header.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let key = quoted.unwrap_or(header);
    if (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(key);
    }
    Err(Error::Malformed {
        code: ProblemCode::InvalidIdempotencyKey,
        detail: "Idempotency-Key must be 1 to 255 visible ASCII characters, such as a UUID.".into(),
    })
}

/// Returns the schema of a valid key.
pub(super) fn schema(_: &mut SchemaGenerator) -> Schema {
    // In quotes; without one at the beginning; with one at the beginning but none at the end.
    let pattern = "^(\"[!-~]{1,255}\"|[!#-~][!-~]{0,254}|\"([!-~]{0,253}[!#-~])?)$";
    json_schema!({ "type": "string", "pattern": pattern })
}

/// Returns what identifies a request with this key. `callers` are those that it comes from: the user,
/// the guest's cart, or both. Bodies are compared as JSON values: the order of members and white
/// space between them do not matter.
pub(super) fn identify<'a>(
    callers: impl IntoIterator<Item = &'a str>,
    key: &str,
    method: &Method,
    path: &str,
    body: &Json,
) -> Result<Idempotency> {
    let body = body.canonical()?;
    Ok(Idempotency {
        identities: callers
            .into_iter()
            .map(|caller| digest([caller.as_bytes(), key.as_bytes()]))
            .collect(),
        fingerprint: digest([method.as_str().as_bytes(), path.as_bytes(), body.as_bytes()]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_visible_ascii_with_or_without_quotes() {
        assert_eq!(parse("abc").unwrap(), "abc");
        assert_eq!(parse("\"abc\"").unwrap(), "abc");
        for header in ["", "\"\"", "a b", "a\tb", &"x".repeat(256)] {
            assert!(parse(header).is_err(), "{header:?}");
        }
    }

    #[test]
    fn a_request_is_identified_by_its_json_value() {
        let request = |path: &str, body: &str| {
            let body = Json::parse(body.as_bytes()).unwrap();
            identify(["usr_1"], "key", &Method::POST, path, &body).unwrap()
        };
        let first = request("/orders", r#"{"a":1,"b":{"c":"d","e":[2]}}"#);
        let reordered = "{ \"b\": { \"e\": [ 2 ],\n\"c\": \"\\u0064\" }, \"a\": 1 }";
        assert_eq!(request("/orders", reordered), first);
        for other in [
            r#"{"a":1}"#,
            r#"{"a":2,"b":{"c":"d","e":[2]}}"#,
            r#"{"a":"1","b":{"c":"d","e":[2]}}"#,
            r#"{"a":1.0,"b":{"c":"d","e":[2]}}"#,
            r#"{"a":1,"b":{"c":"D","e":[2]}}"#,
            r#"{"a":1,"b":{"c":"d","e":[2,2]}}"#,
            r#"{"a":1,"b":{"c":"d","e":2}}"#,
            r#"{"a":1,"c":"d","b":{"e":[2]}}"#,
        ] {
            assert_ne!(request("/orders", other).fingerprint, first.fingerprint, "{other}");
        }
        assert_ne!(request("/refunds", reordered).fingerprint, first.fingerprint);
        assert_eq!(request("/refunds", "{}").identities, first.identities);
    }
}
