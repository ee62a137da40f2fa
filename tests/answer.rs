//! What a client gets back.

use std::collections::BTreeMap;

use serde_json::Value;

/// An answer as a client sees it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Body; null where there is none.
    pub body: Value,
    /// Body as it was sent: in `body`, members are sorted.
    pub text: String,
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body of an answer with this status; any other fails the test.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body
    }

    /// The problem document with this status and code, which every refusal is.
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

    /// The pointers and codes of a 422's broken fields, sorted.
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

    /// Checks what every answer has that is for its caller alone.
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

    /// The version in the answer's `ETag`.
    #[track_caller]
    pub fn version(&self) -> &str {
        let tag = self.header("etag").unwrap_or_else(|| panic!("no ETag: {self:?}"));
        let version = tag.strip_prefix('"').and_then(|tag| tag.split_once('-'));
        version.unwrap_or_else(|| panic!("ETag {tag}")).0
    }

    /// The broken fields of a 422 as a table of cases writes them, sorted: `/name too_short,
    /// /price required`. Any other answer is shown as it is.
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

/// How many answers have which status.
pub fn tally(answers: &[Answer]) -> BTreeMap<u16, usize> {
    let mut tally = BTreeMap::new();
    for answer in answers {
        *tally.entry(answer.status).or_default() += 1;
    }
    tally
}
