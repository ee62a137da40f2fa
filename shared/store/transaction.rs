//! Transactions: writes that are applied together or not at all.
//!
//! A transaction carries a token, so that sending it again can't apply it twice. DynamoDB remembers
//! the token for ten minutes; after that, only the conditions of the writes prevent a repetition. A
//! transaction that DynamoDB cancels because of contention is retried with full jitter until the
//! deadline of the request. If it is cancelled because conditions failed, the result is the errors that these writes give for this.
//!
//! If a response is lost, the same transaction is sent again with the same token, and DynamoDB
//! returns the same result as the first time. The last 300 ms of a request are reserved for this.
//! Reading the items instead would not tell: a transaction that has not been applied yet may still
//! be in progress.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use uuid::Uuid;

use super::deadline;
use super::failure::{failure, leaves_outcome_unknown};
use super::item::Item;
use super::retry::Attempts;
use super::table::Store;
use super::write::Write;
use crate::domain::error::{Error, Result};
use crate::domain::ids::MessageId;
use crate::domain::time::Timestamp;

/// The most writes in one transaction, a limit of DynamoDB.
pub const MAX_WRITES: usize = 100;

/// The timeout for sending a transaction again to find out its outcome. This much of a request's
/// time is reserved for it.
pub const RECHECK_TIMEOUT: Duration = Duration::from_millis(300);

/// Writes that are applied together or not at all. `R` is the error of a write whose condition does
/// not hold.
#[derive(Debug)]
pub struct Transaction<R> {
    token: Uuid,
    writes: Vec<Write<R>>,
}

/// The result of a transaction.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome<R> {
    /// All writes were applied.
    Committed,
    /// No write was applied. Holds the errors of the writes whose conditions failed, in the order
    /// of the writes; never empty.
    Refused(Vec<R>),
}

impl<R> Transaction<R> {
    /// Returns a transaction without writes. Use a token again only for exactly the same writes.
    pub fn new(token: Uuid) -> Self {
        Self { token, writes: Vec::new() }
    }

    /// Returns a transaction without writes and with a new token.
    pub fn with_new_token(now: Timestamp) -> Self {
        Self::new(MessageId::new(now).uuid())
    }

    /// Adds a write.
    #[must_use]
    pub fn with(mut self, write: impl Into<Write<R>>) -> Self {
        self.writes.push(write.into());
        self
    }

    /// Adds several writes.
    #[must_use]
    pub fn with_all<W: Into<Write<R>>>(mut self, writes: impl IntoIterator<Item = W>) -> Self {
        self.writes.extend(writes.into_iter().map(Into::into));
        self
    }

    /// Returns the number of writes; DynamoDB accepts at most [`MAX_WRITES`].
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// Returns whether it has no writes.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }
}

impl<R> Outcome<R> {
    /// Returns the first error, in the order of the writes; `Ok` if the transaction is committed.
    pub fn first(self) -> Result<(), R> {
        match self {
            Self::Committed => Ok(()),
            Self::Refused(refusals) => refusals.into_iter().next().map_or(Ok(()), Err),
        }
    }

    /// Returns whether all writes were applied.
    pub fn is_committed(&self) -> bool {
        matches!(self, Self::Committed)
    }
}

/// DynamoDB's reason for one write of a cancelled transaction: `Some` if its condition failed, with
/// the stored item if the write asked for it.
type Reason = Option<Option<Item>>;

impl Store {
    /// Applies all writes or none. 503 `outcome_unknown` if it can't be found out which.
    pub async fn transact<R>(&self, transaction: Transaction<R>) -> Result<Outcome<R>> {
        let Transaction { token, writes } = transaction;
        let (mut items, mut refusals) = (Vec::new(), Vec::new());
        for write in writes {
            let (item, refusal) = write.build(&self.table)?;
            items.push(item);
            refusals.push(refusal);
        }
        let reasons = match self.commit(token, items).await? {
            None => return Ok(Outcome::Committed),
            Some(reasons) => reasons,
        };
        let failed = refusals.into_iter().zip(reasons);
        let failed = failed.filter_map(|(refusal, reason)| Some(refusal?.resolve(reason?)));
        let refused: Vec<_> = failed.collect::<Result<_>>()?;
        match refused.is_empty() {
            true => Err(Error::internal(
                "a transaction was cancelled, but none of its conditions failed",
            )),
            false => Ok(Outcome::Refused(refused)),
        }
    }

    /// Returns `None` if the transaction is committed, else the reasons of its writes.
    async fn commit(
        &self,
        token: Uuid,
        items: Vec<TransactWriteItem>,
    ) -> Result<Option<Vec<Reason>>> {
        let may_be_applied = AtomicBool::new(false);
        let first =
            deadline::with_reserve(RECHECK_TIMEOUT, self.attempt(token, &items, &may_be_applied))
                .await;
        let failed = match first {
            Some(Ok(outcome)) => return Ok(outcome),
            Some(Err(error)) => error,
            None => Error::unavailable("TransactWriteItems: no response in time"),
        };
        if !may_be_applied.load(Ordering::Relaxed) {
            return Err(failed);
        }
        tracing::warn!(
            error = ?failed,
            "the outcome of a transaction is unknown: it is sent again",
        );
        let again = self.attempt(token, &items, &may_be_applied);
        match tokio::time::timeout(RECHECK_TIMEOUT, again).await {
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(_)) | Err(_) => Err(Error::OutcomeUnknown),
        }
    }

    /// Sends a transaction until DynamoDB commits it or a condition fails; returns as
    /// [`Self::commit`] does. While it runs, `may_be_applied` is true if an attempt without a
    /// response may have been applied. The SDK's own retries are turned off, since they hide this.
    async fn attempt(
        &self,
        token: Uuid,
        items: &[TransactWriteItem],
        may_be_applied: &AtomicBool,
    ) -> Result<Option<Vec<Reason>>> {
        // Not limited to a number: many requests that write one item take turns, and each needs
        // only a few milliseconds of it. The deadline ends it.
        let mut attempts = Attempts::without_end("TransactWriteItems: contention did not end");
        loop {
            let before = may_be_applied.swap(true, Ordering::Relaxed);
            let once = Builder::default().retry_config(RetryConfig::disabled());
            let response = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.to_vec()))
                .client_request_token(token.as_hyphenated().to_string())
                .customize()
                .config_override(once)
                .send()
                .await;
            let error = match response {
                Ok(_) => return Ok(None),
                Err(error) => error,
            };
            match Cancellation::of(&error) {
                Some(Cancellation::Conditions(reasons)) => return Ok(Some(reasons)),
                Some(Cancellation::Contention) => may_be_applied.store(before, Ordering::Relaxed),
                Some(Cancellation::InProgress) => {}
                None => {
                    if !leaves_outcome_unknown(&error) {
                        may_be_applied.store(before, Ordering::Relaxed);
                    }
                    if let failed @ Error::Internal { .. } = failure("TransactWriteItems", &error) {
                        return Err(failed);
                    }
                }
            }
            attempts.pause().await?;
        }
    }
}

enum Cancellation {
    Conditions(Vec<Reason>),
    /// It conflicted with another write or was throttled, and can be retried.
    Contention,
    /// An earlier attempt with the same token is still in progress.
    InProgress,
}

impl Cancellation {
    fn of<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<Self> {
        let SdkError::ServiceError(service) = error else { return None };
        match service.err() {
            TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                Self::by_reasons(cancelled.cancellation_reasons())
            }
            TransactWriteItemsError::TransactionInProgressException(_) => Some(Self::InProgress),
            _ => None,
        }
    }

    /// Classifies the reasons of all writes; `None` if one of them is neither a failed condition
    /// nor contention. With contention on one item, failed conditions of others do not count: they
    /// must be evaluated again together.
    fn by_reasons(cancelled: &[CancellationReason]) -> Option<Self> {
        let mut reasons = Vec::with_capacity(cancelled.len());
        let mut contention = false;
        for reason in cancelled {
            match reason.code().unwrap_or("None") {
                "None" => reasons.push(None),
                "ConditionalCheckFailed" => {
                    reasons.push(Some(reason.item().filter(|item| !item.is_empty()).cloned()));
                }
                "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded" => {
                    contention = true;
                }
                _ => return None,
            }
        }
        Some(if contention { Self::Contention } else { Self::Conditions(reasons) })
    }
}
