//! Everything that can go wrong, free of transport.
//!
//! Each variant has an outside, which a client may read, and some an inside (`context`), which
//! only the log sees. `http::problem` is the one place that turns an error into an answer.

use serde_json::{Map, Value};

use super::invalid::Invalid;
use super::rate_limit::RateLimit;

/// What every fallible step of the shop returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request was not carried out. Nothing was written, unless it is `OutcomeUnknown`, or the `Unavailable` or
/// `Internal` of a single write: then only a retry with the same `Idempotency-Key` is safe.
#[derive(Debug)]
pub enum Error {
    /// The request can't be read at all: broken JSON, a cursor that doesn't decode.
    Malformed {
        /// Stable slug.
        code: &'static str,
        /// What is wrong and what to send instead.
        detail: String,
    },
    /// The body is larger than the route takes.
    TooLarge {
        /// The most bytes the route takes.
        limit: usize,
    },
    /// The body is not of the type the route takes.
    UnsupportedMediaType {
        /// The media type to send.
        accepted: &'static str,
    },
    /// No valid bearer token.
    Unauthenticated,
    /// Address and password don't belong together, or there is no such account.
    InvalidCredentials,
    /// A known caller who may not do this.
    Forbidden,
    /// Missing, or someone else's: the two can't be told apart.
    NotFound,
    /// No route of the shop has this path and method.
    MethodNotAllowed {
        /// The methods that the path takes.
        allow: Vec<&'static str>,
    },
    /// The input breaks rules; every broken field is listed.
    Invalid(Invalid),
    /// The state of the shop forbids it.
    Conflict(Conflict),
    /// `If-Match` names a version that is no longer current.
    VersionMismatch,
    /// The route changes only a version that the caller names.
    VersionRequired,
    /// More than a limit allows in its window.
    TooManyRequests {
        /// Which limit.
        limit: RateLimit,
        /// When the next window begins, in seconds from now.
        retry_after: i64,
    },
    /// The database or another service can't be reached; trying again later may work.
    Unavailable {
        /// For the log.
        context: String,
    },
    /// Whether the request was carried out can't be told: only the same one again, with the same
    /// `Idempotency-Key`, tells.
    OutcomeUnknown,
    /// A bug or a broken item.
    Internal {
        /// For the log.
        context: String,
    },
}

/// A refusal that names its reason and the facts behind it.
#[derive(Debug)]
pub struct Conflict {
    /// Stable slug, such as `out_of_stock`.
    pub code: &'static str,
    /// What stands in the way and what to do about it.
    pub detail: String,
    /// Members of the problem document, such as `available`.
    pub facts: Map<String, Value>,
}

impl Conflict {
    /// A refusal without further facts.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), facts: Map::new() }
    }

    /// Adds a fact.
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
    /// An error that no caller can cause; `context` goes to the log only.
    pub fn internal(context: impl std::fmt::Display) -> Self {
        Self::Internal { context: context.to_string() }
    }

    /// A service that can't be reached; `context` goes to the log only.
    pub fn unavailable(context: impl std::fmt::Display) -> Self {
        Self::Unavailable { context: context.to_string() }
    }

    /// Whether it is an answer to the request, not a failure to answer it.
    pub fn is_refusal(&self) -> bool {
        !matches!(self, Self::Unavailable { .. } | Self::OutcomeUnknown | Self::Internal { .. })
    }

    /// Whether it says how things stand, so that a fresher look could say otherwise.
    pub fn is_about_state(&self) -> bool {
        matches!(
            self,
            Self::NotFound | Self::Conflict(_) | Self::Invalid(_) | Self::VersionMismatch
        )
    }

    /// One broken field.
    pub fn invalid(pointer: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Invalid(Invalid::field(pointer, code, detail))
    }
}
