//! What a failed call of DynamoDB means to the shop.

use std::fmt::Debug;

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use crate::domain::error::Error;

/// What DynamoDB says when the same call may succeed later
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

/// Faults on DynamoDB's side, after which a write may have happened.
const OPEN: &[&str] = &["InternalServerError", "ServiceUnavailable"];

/// Unreachable or overloaded is `Unavailable`, everything else is a bug or a missing right.
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

/// Whether a write that failed so may have happened all the same: its answer is lost, or DynamoDB
/// itself stumbled.
pub(super) fn leaves_outcome_open<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    match error {
        SdkError::ServiceError(service) => {
            service.err().code().is_some_and(|code| OPEN.contains(&code))
        }
        SdkError::ConstructionFailure(_) => false,
        _ => true,
    }
}
