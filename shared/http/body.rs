//! Bodies: from bytes to domain types.

use deserr::Deserr;
use lambda_http::http::header::{CONTENT_TYPE, HeaderMap};
use serde_json::Value;

use crate::domain::error::{Error, Result};
use crate::domain::invalid::Invalid;

/// The most bytes of a body.
pub const LIMIT: usize = 64 * 1024;

/// Reads a JSON body into a type whose fields are domain types.
pub(super) fn parse<T: Deserr<Invalid>>(headers: &HeaderMap, body: &[u8]) -> Result<T> {
    deserialize(json(headers, body)?)
}

/// Reads a JSON body without the members that `ignored` names: `id`, or `variants.available` in
/// every element of `variants`.
pub(super) fn parse_ignoring<T: Deserr<Invalid>>(
    headers: &HeaderMap,
    body: &[u8],
    ignored: &[&str],
) -> Result<T> {
    let mut value = json(headers, body)?;
    for path in ignored {
        remove(&mut value, path);
    }
    deserialize(value)
}

/// The JSON of a body.
pub(super) fn json(headers: &HeaderMap, body: &[u8]) -> Result<Value> {
    if !is_json(headers) {
        return Err(Error::UnsupportedMediaType { accepted: "application/json" });
    }
    serde_json::from_slice(body).map_err(|error| Error::Malformed {
        code: "invalid_json",
        detail: match error.classify() {
            serde_json::error::Category::Eof if body.is_empty() => {
                "The body is empty; send a JSON object.".to_owned()
            }
            _ => format!("The body is not JSON that can be read: {error}."),
        },
    })
}

fn deserialize<T: Deserr<Invalid>>(value: Value) -> Result<T> {
    deserr::deserialize::<T, _, Invalid>(value).map_err(Error::Invalid)
}

fn is_json(headers: &HeaderMap) -> bool {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let mut parts = given.split(';');
    let essence = parts.next().unwrap_or("").trim().to_ascii_lowercase();
    let utf8 = parts.all(|parameter| match parameter.trim().split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    });
    let json = essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    json && utf8
}

fn remove(value: &mut Value, path: &str) {
    match (path.split_once('.'), value) {
        (None, Value::Object(members)) => {
            members.remove(path);
        }
        (Some((list, rest)), Value::Object(members)) => {
            if let Some(Value::Array(elements)) = members.get_mut(list) {
                elements.iter_mut().for_each(|element| remove(element, rest));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_type(content_type: &str) -> HeaderMap {
        [(CONTENT_TYPE, content_type.parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn json_in_utf_8_is_taken_and_nothing_else() {
        for (content_type, taken) in [
            ("application/json", true),
            ("Application/JSON; charset=UTF-8", true),
            ("application/json; charset=\"utf-8\"", true),
            ("application/merge-patch+json", true),
            ("application/json; charset=latin1", false),
            ("text/json", false),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
            ("", false),
        ] {
            assert_eq!(json(&with_type(content_type), b"{}").is_ok(), taken, "{content_type}");
        }
    }

    #[test]
    fn json_nested_too_deep_is_malformed_not_fatal() {
        let deep = "[".repeat(5000) + &"]".repeat(5000);
        let read = json(&with_type("application/json"), deep.as_bytes());
        assert!(matches!(read, Err(Error::Malformed { code: "invalid_json", .. })));
    }
}
