//! Writes that land together or not at all.
//!
//! A transaction carries a token, so that the SDK's own retries can't apply it twice; the lasting
//! guard is each write's condition. What DynamoDB cancels because of contention is tried again with
//! full jitter; what it cancels because a condition failed is a business answer: the refusals of the
//! writes themselves.
//!
//! An answer may be lost: then the same transaction is sent again with the same token, and DynamoDB
//! answers that one as it did the first. The last 300 ms of a request are kept for this question.
//! Reading would not do, for an order that is absent may yet land.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use uuid::Uuid;

use super::deadline;
use super::failure::{failure, leaves_outcome_open};
use super::item::Item;
use super::retry::Attempts;
use super::table::Store;
use super::write::Write;
use crate::domain::error::{Error, Result};
use crate::domain::ids::MessageId;
use crate::domain::time::Timestamp;

/// DynamoDB's own limit of the writes in a transaction.
pub const MAX_WRITES: usize = 100;

/// How long the question may take whether a transaction has landed. It is kept free of a request's
/// time before.
pub const RECHECK_AFTER: Duration = Duration::from_millis(300);

/// Writes that land together or not at all; when one is refused, that means an `R`.
#[derive(Debug)]
pub struct Transaction<R> {
    token: Uuid,
    writes: Vec<Write<R>>,
}

/// How a transaction ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome<R> {
    /// Everything is written.
    Committed,
    /// Nothing is. What the writes whose conditions failed mean, in the order of the writes; never
    /// empty.
    Refused(Vec<R>),
}

impl<R> Transaction<R> {
    /// An empty one. `token` names the attempt: the same for the same writes only.
    pub fn new(token: Uuid) -> Self {
        Self { token, writes: Vec::new() }
    }

    /// An empty one with a token of its own.
    pub fn unnamed(now: Timestamp) -> Self {
        Self::new(MessageId::new(now).uuid())
    }

    /// One write more.
    #[must_use]
    pub fn with(mut self, write: impl Into<Write<R>>) -> Self {
        self.writes.push(write.into());
        self
    }

    /// Several writes more.
    #[must_use]
    pub fn with_all<W: Into<Write<R>>>(mut self, writes: impl IntoIterator<Item = W>) -> Self {
        self.writes.extend(writes.into_iter().map(Into::into));
        self
    }

    /// How many writes it has; DynamoDB takes at most [`MAX_WRITES`].
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }
}

impl<R> Outcome<R> {
    /// The first refusal, in the order of the writes.
    pub fn first(self) -> Result<(), R> {
        match self {
            Self::Committed => Ok(()),
            Self::Refused(refusals) => refusals.into_iter().next().map_or(Ok(()), Err),
        }
    }

    /// Whether everything is written.
    pub fn is_committed(&self) -> bool {
        matches!(self, Self::Committed)
    }
}

/// What DynamoDB said of one write of a cancelled transaction: `Some` where its condition failed,
/// with the item where it was asked for.
type Verdict = Option<Option<Item>>;

impl Store {
    /// Writes everything or nothing. 503 `outcome_unknown` where it can't be told which.
    pub async fn transact<R>(&self, transaction: Transaction<R>) -> Result<Outcome<R>> {
        let Transaction { token, writes } = transaction;
        let (mut items, mut refusals) = (Vec::new(), Vec::new());
        for write in writes {
            let (item, refusal) = write.build(&self.table)?;
            items.push(item);
            refusals.push(refusal);
        }
        let verdicts = match self.commit(token, items).await? {
            None => return Ok(Outcome::Committed),
            Some(verdicts) => verdicts,
        };
        let failed = refusals.into_iter().zip(verdicts);
        let failed = failed.filter_map(|(refusal, verdict)| Some(refusal?.judge(verdict?)));
        let refused: Vec<_> = failed.collect::<Result<_>>()?;
        match refused.is_empty() {
            true => Err(Error::internal("a transaction was cancelled without a reason of ours")),
            false => Ok(Outcome::Refused(refused)),
        }
    }

    /// `None` where it is committed.
    async fn commit(
        &self,
        token: Uuid,
        items: Vec<TransactWriteItem>,
    ) -> Result<Option<Vec<Verdict>>> {
        let is_open = AtomicBool::new(false);
        let first = deadline::keeping(RECHECK_AFTER, self.attempt(token, &items, &is_open)).await;
        let failed = match first {
            Some(Ok(outcome)) => return Ok(outcome),
            Some(Err(error)) => error,
            None => Error::unavailable("TransactWriteItems: no answer in time"),
        };
        if !is_open.load(Ordering::Relaxed) {
            return Err(failed);
        }
        tracing::warn!(error = ?failed, "whether a transaction has landed is asked again");
        let again = self.attempt(token, &items, &is_open);
        match tokio::time::timeout(RECHECK_AFTER, again).await {
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(_)) | Err(_) => Err(Error::OutcomeUnknown),
        }
    }

    /// Sends a transaction until it is judged. `is_open` says whether a try may have landed without
    /// an answer; that is why the SDK makes none of its own.
    async fn attempt(
        &self,
        token: Uuid,
        items: &[TransactWriteItem],
        is_open: &AtomicBool,
    ) -> Result<Option<Vec<Verdict>>> {
        let mut attempts = Attempts::at("TransactWriteItems: contention does not end");
        loop {
            let was_open = is_open.swap(true, Ordering::Relaxed);
            let once = Builder::default().retry_config(RetryConfig::disabled());
            let answer = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.to_vec()))
                .client_request_token(token.as_hyphenated().to_string())
                .customize()
                .config_override(once)
                .send()
                .await;
            let error = match answer {
                Ok(_) => return Ok(None),
                Err(error) => error,
            };
            match Cancellation::of(&error) {
                Some(Cancellation::Conditions(verdicts)) => return Ok(Some(verdicts)),
                Some(Cancellation::Contention) => is_open.store(was_open, Ordering::Relaxed),
                Some(Cancellation::InProgress) => {}
                None => {
                    if !leaves_outcome_open(&error) {
                        is_open.store(was_open, Ordering::Relaxed);
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
    Conditions(Vec<Verdict>),
    /// It has not been judged.
    Contention,
    /// An earlier try with the same token is being carried out.
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

    /// A failed condition counts only where nothing else went wrong beside it: with contention on
    /// another item, the transaction as a whole has not been judged.
    fn by_reasons(reasons: &[CancellationReason]) -> Option<Self> {
        let mut verdicts = Vec::with_capacity(reasons.len());
        let mut contention = false;
        for reason in reasons {
            match reason.code().unwrap_or("None") {
                "None" => verdicts.push(None),
                "ConditionalCheckFailed" => {
                    verdicts.push(Some(reason.item().filter(|item| !item.is_empty()).cloned()));
                }
                "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded" => {
                    contention = true;
                }
                _ => return None,
            }
        }
        Some(if contention { Self::Contention } else { Self::Conditions(verdicts) })
    }
}
