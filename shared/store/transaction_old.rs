//! Writes that land together or not at all.
//!
//! A transaction carries a token, so that the SDK's own retries can't apply it twice; the lasting
//! guard is each write's condition. What DynamoDB cancels because of contention is tried again
//! with full jitter (<https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/>);
//! what it cancels because a condition failed is a business answer, read by the write's position.

use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Delete, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};
use uuid::Uuid;

use super::db::{Store, failure};
use super::item::{Item, key_item};
use super::keys::Key;
use crate::domain::error::{Error, Result};
use crate::domain::ids::MessageId;
use crate::domain::time::Timestamp;

/// DynamoDB's own limit.
pub(super) const MAX_WRITES: usize = 100;

/// One write of a transaction, with the condition under which it may happen.
#[derive(Debug, Clone)]
pub(super) struct Write {
    kind: Kind,
    condition: Option<String>,
    secret: bool,
    names: Vec<(&'static str, String)>,
    values: Vec<(&'static str, AttributeValue)>,
}

#[derive(Debug, Clone)]
enum Kind {
    Put(Item),
    Update(Key, String),
    Delete(Key),
}

impl Write {
    /// Puts an item where none was.
    pub fn create(item: Item) -> Self {
        Self::of(Kind::Put(item)).when("attribute_not_exists(pk)")
    }

    /// Puts an item; say when.
    pub fn put(item: Item) -> Self {
        Self::of(Kind::Put(item))
    }

    /// Changes an item by an update expression.
    pub fn update(key: Key, expression: impl Into<String>) -> Self {
        Self::of(Kind::Update(key, expression.into()))
    }

    /// Deletes an item.
    pub fn delete(key: Key) -> Self {
        Self::of(Kind::Delete(key))
    }

    /// The condition under which the write may happen.
    pub fn when(mut self, condition: impl Into<String>) -> Self {
        self.condition = Some(condition.into());
        self
    }

    /// Keeps the item out of the answer when the condition fails: it must not get into a log.
    pub fn secretly(mut self) -> Self {
        self.secret = true;
        self
    }

    /// What a `#name` of the expressions stands for.
    pub fn name(mut self, name: &'static str, attribute: impl ToString) -> Self {
        self.names.push((name, attribute.to_string()));
        self
    }

    /// What a `:value` of the expressions stands for.
    pub fn value(mut self, name: &'static str, value: AttributeValue) -> Self {
        self.values.push((name, value));
        self
    }

    fn of(kind: Kind) -> Self {
        Self { kind, condition: None, secret: false, names: Vec::new(), values: Vec::new() }
    }

    fn names(&self) -> Option<std::collections::HashMap<String, String>> {
        let own = |(name, attribute): &(&str, String)| ((*name).to_owned(), attribute.clone());
        (!self.names.is_empty()).then(|| self.names.iter().map(own).collect())
    }

    fn values(&self) -> Option<Item> {
        let own = |(name, value): &(&str, AttributeValue)| ((*name).to_owned(), value.clone());
        (!self.values.is_empty()).then(|| self.values.iter().map(own).collect())
    }

    fn build(&self, table: &str) -> Result<TransactWriteItem> {
        let (names, values) = (self.names(), self.values());
        let condition = self.condition.clone();
        let old = match self.secret {
            true => ReturnValuesOnConditionCheckFailure::None,
            false => ReturnValuesOnConditionCheckFailure::AllOld,
        };
        let item = TransactWriteItem::builder();
        let item = match &self.kind {
            Kind::Put(body) => item.put(
                Put::builder()
                    .table_name(table)
                    .set_item(Some(body.clone()))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(old.clone())
                    .build()
                    .map_err(Error::internal)?,
            ),
            Kind::Update(key, expression) => item.update(
                Update::builder()
                    .table_name(table)
                    .set_key(Some(key_item(key.clone())))
                    .update_expression(expression)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(old.clone())
                    .build()
                    .map_err(Error::internal)?,
            ),
            Kind::Delete(key) => item.delete(
                Delete::builder()
                    .table_name(table)
                    .set_key(Some(key_item(key.clone())))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(old)
                    .build()
                    .map_err(Error::internal)?,
            ),
        };
        Ok(item.build())
    }
}

/// How a transaction ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Everything is written.
    Committed,
    /// Nothing is. One entry a write, in their order.
    Refused(Vec<Verdict>),
}

/// What became of one write of a refused transaction.
#[derive(Debug, Clone)]
pub(super) enum Verdict {
    /// It could have happened.
    Fine,
    /// Its condition failed; this is the item as it is, `None` where there is none.
    ConditionFailed(Option<Item>),
}

impl Verdict {
    /// The item whose condition failed.
    pub fn failed(self) -> Option<Option<Item>> {
        match self {
            Self::Fine => None,
            Self::ConditionFailed(item) => Some(item),
        }
    }
}

impl Store {
    /// Writes everything or nothing. `token` names the attempt: the same for the same writes only.
    pub(super) async fn transact_old(&self, token: Uuid, writes: &[Write]) -> Result<Outcome> {
        let items: Vec<_> =
            writes.iter().map(|write| write.build(&self.table)).collect::<Result<_>>()?;
        for pause in pauses() {
            let answer = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .client_request_token(token.as_hyphenated().to_string())
                .send()
                .await;
            let error = match answer {
                Ok(_) => return Ok(Outcome::Committed),
                Err(error) => error,
            };
            match Cancellation::of(&error) {
                Some(Cancellation::Conditions(verdicts)) => return Ok(Outcome::Refused(verdicts)),
                Some(Cancellation::Contention) => tokio::time::sleep(pause).await,
                None => return Err(failure("TransactWriteItems", &error)),
            }
        }
        Err(Error::unavailable("TransactWriteItems: contention does not end"))
    }
}

enum Cancellation {
    Conditions(Vec<Verdict>),
    Contention,
}

impl Cancellation {
    fn of<R>(error: &SdkError<TransactWriteItemsError, R>) -> Option<Self> {
        let SdkError::ServiceError(service) = error else { return None };
        match service.err() {
            TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                Self::by_reasons(cancelled.cancellation_reasons())
            }
            TransactWriteItemsError::TransactionInProgressException(_) => Some(Self::Contention),
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
                "None" => verdicts.push(Verdict::Fine),
                "ConditionalCheckFailed" => {
                    let item = reason.item().filter(|item| !item.is_empty()).cloned();
                    verdicts.push(Verdict::ConditionFailed(item));
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

/// A transaction's token where no identifier names the attempt.
pub(super) fn unique_token(now: Timestamp) -> Uuid {
    MessageId::new(now).uuid()
}

/// How long to wait before each further try: full jitter up to 20 ms, 40 ms, … 320 ms. The whole
/// request has its own deadline.
pub(super) fn pauses() -> impl Iterator<Item = Duration> {
    (0..12_u32).map(|attempt| {
        let most = 20_u64 << attempt.min(4);
        Duration::from_micros(random(most * 1000))
    })
}

fn random(below: u64) -> u64 {
    let mut bytes = [0; 8];
    match ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut bytes) {
        Ok(()) => u64::from_le_bytes(bytes) % below,
        Err(_) => below / 2,
    }
}
