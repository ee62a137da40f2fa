//! The event that the gateway sends to a function, in payload format 2.0
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>).
//!
//! It replaces `lambda_http`'s conversion, which panics on input that it can't read, such as a
//! malformed `Host`, and builds a URL that no handler needs.

use std::collections::BTreeMap;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lambda_http::http::uri::Authority;
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Deserialize;

use crate::domain::error::{Error, Result};
use crate::domain::problem_code::ProblemCode;

/// One request, as the gateway sends it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    pub(super) raw_path: Option<String>,
    raw_query_string: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    pub(super) path_parameters: Option<BTreeMap<String, String>>,
    pub(super) request_context: RequestContext,
    body: Option<String>,
    is_base64_encoded: bool,
}

/// What the gateway adds to the client's request.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RequestContext {
    pub request_id: Option<String>,
    pub stage: Option<String>,
    pub http: Http,
}

/// Method and IP address of the request.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Http {
    method: Option<String>,
    pub source_ip: Option<String>,
}

impl Event {
    /// Sets the request identifier if the gateway sent none.
    #[must_use]
    pub fn with_default_id(mut self, id: &str) -> Self {
        self.request_context.request_id.get_or_insert_with(|| id.to_owned());
        self
    }

    /// Returns the method. 400 `invalid_request_line` if it is not valid.
    pub(super) fn method(&self) -> Result<Method> {
        let method = self.request_context.http.method.as_deref().unwrap_or_default();
        Method::from_str(method)
            .map_err(|_| invalid_request_line("The request has no valid method."))
    }

    /// Returns the query's parameters in their order. 400 `invalid_request_line` if the query has a
    /// character that is not allowed in a URL.
    pub(super) fn query(&self) -> Result<Vec<(String, String)>> {
        let query = self.raw_query_string.as_deref().unwrap_or_default();
        if query.bytes().any(|byte| byte.is_ascii_control() || byte == b' ') {
            return Err(invalid_request_line(
                "The query has a character that is not allowed in a URL.",
            ));
        }
        Ok(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// Returns the valid headers. The second value is 400 `invalid_host` for a `Host` that is not a
    /// host, or 400 `invalid_header` for another invalid header.
    pub(super) fn headers(&self) -> (HeaderMap, Result<()>) {
        let (mut headers, mut result) = (HeaderMap::new(), Ok(()));
        for (name, value) in self.headers.iter().flatten() {
            let read = (HeaderName::from_str(name), HeaderValue::from_bytes(value.as_bytes()));
            match read {
                (Ok(name), Ok(value)) => drop(headers.append(name, value)),
                _ => result = Err(invalid(ProblemCode::InvalidHeader, "A header is not valid.")),
            }
        }
        let host = headers.get("host").map(HeaderValue::as_bytes);
        if host.is_some_and(|host| !is_host(host)) {
            let detail = "The Host header is not a host. Send the host of the request's URL.";
            result = Err(invalid(ProblemCode::InvalidHost, detail));
        }
        (headers, result)
    }

    /// Returns the body's bytes. 400 `invalid_base64` if the event marks the body as base64 and it
    /// is not.
    pub(super) fn take_body(&mut self) -> Result<Vec<u8>> {
        let body = self.body.take().unwrap_or_default();
        if !self.is_base64_encoded {
            return Ok(body.into_bytes());
        }
        STANDARD.decode(body).map_err(|_| {
            invalid(
                ProblemCode::InvalidBase64,
                "The body is marked as base64 and can't be decoded.",
            )
        })
    }
}

fn is_host(host: &[u8]) -> bool {
    !host.contains(&b'@') && Authority::try_from(host).is_ok()
}

fn invalid_request_line(detail: &str) -> Error {
    invalid(ProblemCode::InvalidRequestLine, detail)
}

fn invalid(code: ProblemCode, detail: &str) -> Error {
    Error::Malformed { code, detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn event(json: Value) -> Event {
        serde_json::from_value(json).unwrap()
    }

    fn code<T: std::fmt::Debug>(result: Result<T>) -> &'static str {
        match result {
            Err(Error::Malformed { code, .. }) => code.slug(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_missing_or_null_is_empty() {
        for json in [json!({}), json!({"headers": null, "body": null, "rawQueryString": null})] {
            let mut event = event(json);
            assert_eq!(event.query().unwrap(), []);
            assert!(event.headers().0.is_empty());
            assert_eq!(event.take_body().unwrap(), b"");
            assert_eq!(code(event.method()), "invalid_request_line");
        }
    }

    #[test]
    fn a_query_keeps_its_order_and_every_value() {
        let query = event(json!({"rawQueryString": "b=1&a=%C3%BC+%2B&b=2&c&=d&%zz=%ff"}));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let wanted =
            [("b", "1"), ("a", "ü +"), ("b", "2"), ("c", ""), ("", "d"), ("%zz", "\u{fffd}")];
        assert_eq!(query.query().unwrap(), wanted.map(|(name, value)| pair(name, value)));
        for query in ["a b", "a\n", "\u{7f}"] {
            assert_eq!(
                code(event(json!({"rawQueryString": query})).query()),
                "invalid_request_line"
            );
        }
    }

    #[test]
    fn a_host_is_a_name_or_an_ip_with_a_port_or_without() {
        let headers = |host: &str| event(json!({"headers": {"host": host}})).headers().1;
        for host in ["api.shop.example", "api.shop.example:443", "127.0.0.1:9000", "[::1]:80"] {
            assert!(headers(host).is_ok(), "{host}");
        }
        for host in ["", "no host [", "a/b", "user@host", "[::1", "höst"] {
            assert_eq!(code(headers(host)), "invalid_host", "{host}");
        }
    }

    #[test]
    fn a_header_is_one_line() {
        let (headers, result) =
            event(json!({"headers": {"a": "1", "b": "1\n2", "c": "ü"}})).headers();
        assert_eq!(code(result), "invalid_header");
        assert_eq!(headers.len(), 2, "the valid headers are returned");
    }

    #[test]
    fn a_body_in_base64_is_its_bytes() {
        let body = |body: &str| event(json!({"body": body, "isBase64Encoded": true})).take_body();
        assert_eq!(body("/wA=").unwrap(), [0xff, 0]);
        for text in ["/wA", "{}", "/wA= "] {
            assert_eq!(code(body(text)), "invalid_base64", "{text}");
        }
    }
}
