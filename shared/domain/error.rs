//! The errors of the whole shop, independent of HTTP.
//!
//! A client may see everything in them but `context`, which goes to the log only. `http::problem`
//! is the one place that turns an error into a response.

use serde_json::{Map, Value};

use super::invalid::Invalid;
use super::problem_code::ProblemCode;
use super::rate_limit::RateLimit;

/// The result of everything that can fail with an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request was not carried out.
///
/// Nothing was written, unless it is `OutcomeUnknown`, or the `Unavailable` or `Internal` of a
/// single write: then only a retry with the same `Idempotency-Key` is safe.
#[derive(Debug)]
pub enum Error {
    /// 400: the request can't be read, for example invalid JSON or a cursor that can't be decoded.
    Malformed {
        /// The kind of problem.
        code: ProblemCode,
        /// What is wrong, and what to send instead.
        detail: String,
    },
    /// 413: the body is larger than the route accepts.
    TooLarge {
        /// The largest accepted body, in bytes.
        limit: usize,
    },
    /// 415: the route does not accept the body's media type.
    UnsupportedMediaType {
        /// The media types that it takes.
        accepted: &'static [&'static str],
    },
    /// 401: the request has no valid bearer token.
    Unauthenticated,
    /// 401 `invalid_credentials`: wrong e-mail address or password, or the account may not log in.
    InvalidCredentials,
    /// 403: the caller is known, but may not do this.
    Forbidden,
    /// 404: the resource does not exist, or belongs to another user; clients can't tell which.
    NotFound,
    /// 405: the path exists, but does not accept the method.
    MethodNotAllowed {
        /// The methods that the path accepts.
        allow: Vec<&'static str>,
    },
    /// 422: input can be read but is not valid; every invalid field is listed.
    Invalid(Invalid),
    /// 409: the request conflicts with the current state of a resource.
    Conflict(Conflict),
    /// 412: `If-Match` names another version than the current one.
    VersionMismatch,
    /// 428: the route requires `If-Match`, and the request has none.
    VersionRequired,
    /// 429: a rate limit is used up.
    TooManyRequests {
        /// The limit.
        limit: RateLimit,
        /// When the next window begins, in seconds from now.
        retry_after: i64,
    },
    /// 503: the database or another service can't be reached; a later retry may succeed.
    Unavailable {
        /// Details for the log; never sent to a client.
        context: String,
    },
    /// 503 `outcome_unknown`: the request may or may not have been carried out. Only a retry with
    /// the same `Idempotency-Key` can find out.
    OutcomeUnknown,
    /// 500: a bug, or an item that can't be read.
    Internal {
        /// Details for the log; never sent to a client.
        context: String,
    },
}

/// A 409 error: the reason, and facts for the client.
#[derive(Debug)]
pub struct Conflict {
    /// The kind of problem, such as `out_of_stock`.
    pub code: ProblemCode,
    /// What the conflict is, and what to do about it.
    pub detail: String,
    /// Additional members of the problem document, such as `available`.
    pub facts: Map<String, Value>,
}

impl Conflict {
    /// Creates a conflict without facts.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), facts: Map::new() }
    }

    /// Adds a member to the problem document.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }
}

impl From<Conflict> for Error {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(conflict)
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl Error {
    /// Returns the error of a cursor that belongs to another list, or to none.
    pub fn invalid_cursor() -> Self {
        Self::Malformed {
            code: ProblemCode::InvalidCursor,
            detail: "The cursor does not belong to this list. Start again without it.".into(),
        }
    }

    /// Creates a 500 error; `context` goes to the log only.
    pub fn internal(context: impl std::fmt::Display) -> Self {
        Self::Internal { context: context.to_string() }
    }

    /// Creates a 503 error; `context` goes to the log only.
    pub fn unavailable(context: impl std::fmt::Display) -> Self {
        Self::Unavailable { context: context.to_string() }
    }

    /// Whether the request was rejected (4xx); `false` if the shop failed to process it (5xx).
    pub fn is_client_error(&self) -> bool {
        !matches!(self, Self::Unavailable { .. } | Self::OutcomeUnknown | Self::Internal { .. })
    }

    /// Whether the error depends on the data that was read, so that a strongly consistent read
    /// could lead to another result.
    pub fn depends_on_read(&self) -> bool {
        matches!(
            self,
            Self::NotFound | Self::Conflict(_) | Self::Invalid(_) | Self::VersionMismatch
        )
    }

    /// Creates a 422 error for one invalid field; `pointer` is its JSON pointer or the name of a
    /// query parameter or header.
    pub fn invalid(pointer: &str, code: ProblemCode, detail: impl Into<String>) -> Self {
        Self::Invalid(Invalid::for_field(pointer, code, detail))
    }
}
