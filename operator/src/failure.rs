//! What a command says when it fails.

use std::fmt::{self, Display};

use shared::domain::error::Error;

/// An error as a text for the operator: what failed, and where possible what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(String);

/// A result whose error is a [`Failure`].
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// Creates a failure with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// Why the table could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// It does not exist.
    NoTable,
    /// AWS refuses the caller: what to do, and AWS's reason.
    Refused(&'static str, String),
    /// The database can't be reached, or is too busy.
    Unavailable(String),
    /// Something else.
    Other(String),
}

/// DynamoDB's error codes that are about the caller, with what to do
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>).
const REFUSALS: [(&str, &str); 5] = [
    ("AccessDeniedException", "access denied: docs/operating.md lists the rights that it takes"),
    ("ExpiredTokenException", "the credentials have expired: log in again"),
    ("IncompleteSignatureException", "the credentials are incomplete: check the profile"),
    ("InvalidSignatureException", "the secret key, or this machine's clock, is wrong"),
    ("UnrecognizedClientException", "AWS does not know the credentials: check the profile"),
];

impl Cause {
    /// Returns the cause of an error of the store, by AWS's code in its context.
    pub fn of(error: &Error) -> Self {
        let (Error::Unavailable { context } | Error::Internal { context }) = error else {
            return Self::Other(format!("{error:?}"));
        };
        let reason = reason(context).to_owned();
        if context.contains("ResourceNotFoundException") {
            return Self::NoTable;
        }
        if let Some((_, remedy)) = REFUSALS.iter().find(|(code, _)| context.contains(code)) {
            return Self::Refused(remedy, reason);
        }
        match error {
            Error::Unavailable { .. } => Self::Unavailable(reason),
            _ => Self::Other(reason),
        }
    }
}

/// Returns the part of an error's context that an operator needs: AWS's message, or the text before
/// the SDK's own data.
fn reason(context: &str) -> &str {
    if let Some((_, rest)) = context.split_once("message: \"")
        && let Some((message, _)) = rest.split_once('"')
    {
        return message;
    }
    let data = [" (DispatchFailure(", " (ServiceError(", " (TimeoutError(", " (ResponseError("];
    let end = data.iter().filter_map(|data| context.find(data)).min();
    &context[..end.unwrap_or(context.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_of_an_error_is_told_by_awss_code() {
        let denied = "Query: service error: unhandled error (AccessDeniedException): Error { code: \
                      \"AccessDeniedException\", message: \"User ada is not authorized\" } \
                      (ServiceError(ServiceError { source: Unhandled(Unhandled { …";
        let Cause::Refused(remedy, reason) = Cause::of(&Error::internal(denied)) else {
            panic!("refused")
        };
        assert!(remedy.starts_with("access denied"), "{remedy}");
        assert_eq!(reason, "User ada is not authorized");
        let expired = Error::unavailable("Query: service error: … (ExpiredTokenException): …");
        assert!(matches!(Cause::of(&expired), Cause::Refused(..)));
        let missing = "DescribeTable: service error: ResourceNotFoundException: none";
        assert_eq!(Cause::of(&Error::internal(missing)), Cause::NoTable);
        let lost = Error::unavailable("Query: dispatch failure: refused (DispatchFailure(Dis…");
        let reason = "Query: dispatch failure: refused".to_owned();
        assert_eq!(Cause::of(&lost), Cause::Unavailable(reason));
        let bug = Error::internal("missing field `price`");
        assert_eq!(Cause::of(&bug), Cause::Other("missing field `price`".to_owned()));
    }
}
