//! Bodies: from bytes to JSON.

use lambda_http::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};

use crate::domain::error::{Error, Result};
use crate::domain::json::Json;

/// What some editors and clients begin a UTF-8 text with.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The JSON of a body. 415 for another type, 400 for what is no JSON.
pub(super) fn json(headers: &HeaderMap, body: &[u8]) -> Result<Json> {
    if !is_json(headers) || is_encoded(headers) {
        return Err(Error::UnsupportedMediaType { accepted: "application/json" });
    }
    Json::parse(body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body))
}

fn is_json(headers: &HeaderMap) -> bool {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let mut parts = given.split(';');
    let essence = parts.next().unwrap_or("").trim().to_ascii_lowercase();
    let utf8 = parts.all(|parameter| match parameter.trim().split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            let charset = value.trim_matches('"');
            charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
        }
        _ => true,
    });
    let json = essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    json && utf8
}

/// Nobody unpacks what is compressed: neither the gateway nor we.
fn is_encoded(headers: &HeaderMap) -> bool {
    let encodings = headers.get_all(CONTENT_ENCODING).iter();
    let mut encodings = encodings.map(|value| value.to_str().unwrap_or("unknown"));
    encodings.any(|encoding| !encoding.trim().eq_ignore_ascii_case("identity"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_neither_compressed_nor_hurt_by_a_byte_order_mark() {
        let mut headers = with_type("application/json; charset=utf8");
        assert!(json(&headers, "\u{feff}{}".as_bytes()).is_ok());
        for (encoding, taken) in [("identity", true), ("gzip", false), ("br", false)] {
            headers.insert(CONTENT_ENCODING, encoding.parse().unwrap());
            assert_eq!(json(&headers, b"{}").is_ok(), taken, "{encoding}");
        }
    }

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
