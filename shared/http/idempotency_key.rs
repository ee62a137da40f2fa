//! The `Idempotency-Key` header
//! (<https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>).

use lambda_http::http::Method;
use serde_json::Value;

use crate::crypto::digest::digest;
use crate::domain::error::{Error, Result};
use crate::store::idempotency::Idempotency;

/// Reads a key: 1 to 255 visible ASCII characters, bare or in quotes.
pub(super) fn parse(header: &str) -> Result<&str> {
    let quoted = header.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let key = quoted.unwrap_or(header);
    if (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(key);
    }
    Err(Error::Malformed {
        code: "invalid_idempotency_key",
        detail: "Idempotency-Key must be 1 to 255 visible ASCII characters, such as a UUID.".into(),
    })
}

/// What a request with this key is known by. A body counts by its meaning: `serde_json` sorts
/// members, so that their order and the white space between them make no difference.
pub(super) fn identify(
    caller: &str,
    key: &str,
    method: &Method,
    path: &str,
    body: &Value,
) -> Idempotency {
    let body = body.to_string();
    Idempotency {
        identity: digest([caller.as_bytes(), key.as_bytes()]),
        fingerprint: digest([method.as_str().as_bytes(), path.as_bytes(), body.as_bytes()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_is_visible_ascii_bare_or_quoted() {
        assert_eq!(parse("abc").unwrap(), "abc");
        assert_eq!(parse("\"abc\"").unwrap(), "abc");
        for header in ["", "\"\"", "a b", "a\tb", &"x".repeat(256)] {
            assert!(parse(header).is_err(), "{header:?}");
        }
    }

    #[test]
    fn a_request_is_known_by_its_meaning() {
        let request =
            |path: &str, body: Value| identify("usr_1", "key", &Method::POST, path, &body);
        let first = request("/orders", json!({"a": 1, "b": 2}));
        let reordered: Value = serde_json::from_str(r#"{ "b": 2, "a": 1 }"#).unwrap();
        assert_eq!(request("/orders", reordered), first);
        assert_ne!(request("/orders", json!({"a": 1})).fingerprint, first.fingerprint);
        assert_ne!(request("/refunds", json!({"a": 1, "b": 2})).fingerprint, first.fingerprint);
        assert_eq!(request("/refunds", json!({})).identity, first.identity);
    }
}
