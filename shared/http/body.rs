//! Bodies: from bytes to JSON.

use lambda_http::http::header::{CONTENT_TYPE, HeaderMap};

use crate::domain::error::{Error, Result};
use crate::domain::json::Json;

/// The most bytes of a body.
pub const LIMIT: usize = 64 * 1024;

/// The JSON of a body. 415 for another type, 400 for what is no JSON.
pub(super) fn json(headers: &HeaderMap, body: &[u8]) -> Result<Json> {
    if !is_json(headers) {
        return Err(Error::UnsupportedMediaType { accepted: "application/json" });
    }
    Json::parse(body)
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
}
