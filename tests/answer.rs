//! The HTTP response that a test gets.

use std::collections::BTreeMap;

use serde_json::Value;

/// An HTTP response, as the client gets it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as JSON; null if there is none.
    pub body: Value,
    /// The body as it was sent; in `body` the members are sorted.
    pub text: String,
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the body; fails the test if the status is not `status`.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body
    }

    /// Returns the body; fails the test unless it is a problem document with this status and code.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        assert_eq!(self.body["code"], code, "{:#}", self.body);
        assert_eq!(self.body["status"], status, "{:#}", self.body);
        for member in ["type", "title", "detail", "instance", "request_id"] {
            assert!(self.body[member].is_string(), "no {member}: {:#}", self.body);
        }
        self.body
    }

    /// Returns the pointers and codes of a 422's invalid fields, sorted; fails the test at any
    /// other status.
    #[track_caller]
    pub fn expect_invalid(self) -> Vec<(String, String)> {
        assert_eq!(self.status, 422, "{:#}", self.body);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let errors = self.body["errors"].as_array().expect("errors");
        let mut errors: Vec<_> =
            errors.iter().map(|error| (text(&error["pointer"]), text(&error["code"]))).collect();
        errors.sort();
        errors
    }

    /// Checks that the response must not be stored by caches, and has the security headers.
    #[track_caller]
    pub fn expect_private(&self) {
        for (name, value) in [
            ("cache-control", "private, no-store"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ] {
            assert_eq!(self.header(name), Some(value), "{name}: {self:?}");
        }
        for name in ["x-request-id", "strict-transport-security"] {
            assert!(self.header(name).is_some_and(|value| !value.is_empty()), "{name}: {self:?}");
        }
    }

    /// The version in the response's `ETag`.
    #[track_caller]
    pub fn version(&self) -> &str {
        let tag = self.header("etag").unwrap_or_else(|| panic!("no ETag: {self:?}"));
        let version = tag.strip_prefix('"').and_then(|tag| tag.split_once('-'));
        version.unwrap_or_else(|| panic!("ETag {tag}")).0
    }

    /// Returns the invalid fields of a 422 in the form that tables of cases use, sorted: `/name
    /// too_short, /price required`. Any other response is returned as its debug text.
    pub fn broken(&self) -> String {
        let Some(errors) = self.body["errors"].as_array().filter(|_| self.status == 422) else {
            return format!("{} {:#}", self.status, self.body);
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut errors: Vec<_> = errors
            .iter()
            .map(|error| format!("{} {}", text(&error["pointer"]), text(&error["code"])))
            .collect();
        errors.sort();
        errors.join(", ")
    }
}

/// The names of an object's members, sorted.
pub fn members(object: &Value) -> Vec<&str> {
    let mut members: Vec<_> = object.as_object().expect("an object").keys().collect();
    members.sort();
    members.into_iter().map(String::as_str).collect()
}

/// Counts the responses by status.
pub fn tally(answers: &[Answer]) -> BTreeMap<u16, usize> {
    let mut tally = BTreeMap::new();
    for answer in answers {
        *tally.entry(answer.status).or_default() += 1;
    }
    tally
}

/// How often a client sends a request again that got a 503.
const TRIES: usize = 30;

/// Sends a request, and again while it gets a 503, as a client does whose request may be repeated.
pub async fn persist<F: Future<Output = Answer>>(send: impl Fn() -> F) -> Answer {
    let mut answer = send().await;
    for _ in 1..TRIES {
        if answer.status != 503 {
            break;
        }
        answer = send().await;
    }
    answer
}
