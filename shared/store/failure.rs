//! Converts the errors of DynamoDB's client into the shop's errors.

use std::fmt::Debug;

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use crate::domain::error::Error;

/// DynamoDB's error codes after which the same call may succeed later
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>).
const TRANSIENT: &[&str] = &[
    "ExpiredTokenException",
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// DynamoDB's error codes after which a write may or may not have been applied.
const OUTCOME_UNKNOWN: &[&str] = &["InternalServerError", "ServiceUnavailable"];

/// Converts an error of `call`: to `Unavailable` if DynamoDB can't be reached or is overloaded,
/// else to `Internal`, since the cause is a bug or a missing permission.
pub(super) fn failure<E, R>(call: &str, error: &SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: Debug,
{
    let context = format!("{call}: {}", DisplayErrorContext(error));
    match error {
        SdkError::ServiceError(service) => match service.err().code() {
            Some(code) if TRANSIENT.contains(&code) => Error::unavailable(context),
            _ => Error::internal(context),
        },
        SdkError::ConstructionFailure(_) => Error::internal(context),
        _ => Error::unavailable(context),
    }
}

/// Returns whether a write that failed with this error may have been applied nevertheless: its
/// response was lost, or DynamoDB had an internal fault.
pub(super) fn leaves_outcome_unknown<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    match error {
        SdkError::ServiceError(service) => {
            service.err().code().is_some_and(|code| OUTCOME_UNKNOWN.contains(&code))
        }
        SdkError::ConstructionFailure(_) => false,
        _ => true,
    }
}
