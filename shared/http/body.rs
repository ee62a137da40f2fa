//! Request bodies: the check of their media type, and parsing.

use lambda_http::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};

use super::routes::Accepts;
use crate::domain::error::{Error, Result};
use crate::domain::json::Json;

/// Some editors and clients begin UTF-8 texts with it.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Parses a JSON body. 415 if the route does not accept its media type, 400 if it is not JSON.
pub(super) fn json(accepts: Accepts, headers: &HeaderMap, body: &[u8]) -> Result<Json> {
    media_type(accepts, headers)?;
    Json::parse(body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body))
}

/// Returns the media type of a body, in lower case and without parameters. 415 if the route does
/// not accept it, or if the body is compressed or not UTF-8. A route that accepts anything gets the
/// body as it was sent.
pub(super) fn media_type(accepts: Accepts, headers: &HeaderMap) -> Result<String> {
    let (media_type, is_utf8) = content_type(headers);
    let (is_accepted, accepted): (_, &[&str]) = match accepts {
        Accepts::Anything => return Ok(media_type),
        Accepts::OneOf(types) => (types.contains(&media_type.as_str()), types),
        Accepts::Json => {
            let suffix = media_type.starts_with("application/") && media_type.ends_with("+json");
            (media_type == "application/json" || suffix, &["application/json"])
        }
    };
    if is_accepted && is_utf8 && !is_encoded(headers) {
        return Ok(media_type);
    }
    Err(Error::UnsupportedMediaType { accepted })
}

/// Returns the media type in `Content-Type`, and whether its charset is UTF-8 or missing.
fn content_type(headers: &HeaderMap) -> (String, bool) {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let mut parts = given.split(';');
    let media_type = parts.next().unwrap_or("").trim().to_ascii_lowercase();
    let is_utf8 = parts.all(|parameter| match parameter.trim().split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            let charset = value.trim_matches('"');
            charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
        }
        _ => true,
    });
    (media_type, is_utf8)
}

/// Whether the body is compressed; neither the gateway nor the shop decompresses bodies.
fn is_encoded(headers: &HeaderMap) -> bool {
    let encodings = headers.get_all(CONTENT_ENCODING).iter();
    let lists = encodings.map(|value| value.to_str().unwrap_or("unknown"));
    let mut encodings = lists.flat_map(|list| list.split(',')).map(str::trim);
    encodings.any(|encoding| !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(headers: &HeaderMap, body: &[u8]) -> Result<Json> {
        super::json(Accepts::Json, headers, body)
    }

    #[test]
    fn a_body_may_have_a_byte_order_mark_but_no_compression() {
        let mut headers = with_type("application/json; charset=utf8");
        assert!(json(&headers, "\u{feff}{}".as_bytes()).is_ok());
        for (encoding, taken) in [
            ("identity", true),
            ("Identity", true),
            ("", true),
            ("identity, identity", true),
            ("gzip", false),
            ("br", false),
            ("identity, gzip", false),
        ] {
            headers.insert(CONTENT_ENCODING, encoding.parse().unwrap());
            assert_eq!(json(&headers, b"{}").is_ok(), taken, "{encoding}");
        }
    }

    #[test]
    fn a_route_accepts_only_its_own_media_types() {
        let rows = Accepts::OneOf(&["application/x-ndjson", "text/csv"]);
        for (content_type, taken) in [
            ("text/csv", Some("text/csv")),
            ("Text/CSV; charset=utf-8; header=present", Some("text/csv")),
            ("application/x-ndjson", Some("application/x-ndjson")),
            ("text/csv; charset=windows-1252", None),
            ("application/json", None),
            ("", None),
        ] {
            let mut headers = with_type(content_type);
            assert_eq!(media_type(rows, &headers).ok().as_deref(), taken, "{content_type}");
            headers.insert(CONTENT_ENCODING, "gzip".parse().unwrap());
            assert!(media_type(rows, &headers).is_err(), "{content_type}, compressed");
            assert!(media_type(Accepts::Anything, &headers).is_ok(), "{content_type}");
        }
        let refusal = media_type(rows, &with_type("text/plain")).unwrap_err();
        let Error::UnsupportedMediaType { accepted } = refusal else { panic!("{refusal:?}") };
        assert_eq!(accepted, ["application/x-ndjson", "text/csv"]);
    }

    fn with_type(content_type: &str) -> HeaderMap {
        [(CONTENT_TYPE, content_type.parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn only_json_in_utf_8_is_accepted() {
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
