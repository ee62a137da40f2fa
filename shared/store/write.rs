//! Writes: a put, an update, a delete or a condition check, alone or in a transaction.
//!
//! A conditional write holds its condition and the error to return if the condition does not hold.
//! So a failed transaction returns the errors of its writes, and no caller has to find out by
//! position which write has failed.

mod changes;

use std::fmt;

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};

use super::expression::{Condition, Placeholders, missing};
use super::item::{Item, key_item, number};
use super::keys::{Key, TTL};
use crate::domain::error::{Error, Result};
use crate::domain::time::Timestamp;

pub use changes::Changes;

/// The error of a write whose item was changed by another request after it was read: read it again
/// and decide again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedMeanwhile;

/// A write of kind `K`. `R` is the error if its condition does not hold.
pub struct Write<R, K = Kind> {
    pub(super) kind: K,
    pub(super) guard: Option<Guard<R>>,
    serialization_error: Option<Error>,
}

/// The kinds of write.
pub enum Kind {
    /// Creates an item or replaces it.
    Put(NewItem),
    /// Changes attributes of an item; creates the item if it does not exist.
    Update(Changes),
    /// Deletes an item.
    Delete(OldItem),
    /// Changes nothing, but its condition must hold.
    Check(CheckedItem),
}

/// The item that a put writes.
pub struct NewItem(pub(super) Item);

/// The key of the item that a delete removes.
pub struct OldItem(pub(super) Key);

/// The key of the item that a condition check reads.
pub struct CheckedItem(pub(super) Key);

/// The condition of a write and the error if it does not hold.
pub(super) struct Guard<R> {
    pub condition: Condition,
    pub refusal: Refusal<R>,
}

/// How the error of a failed condition is made.
pub(super) enum Refusal<R> {
    /// It does not depend on the stored item.
    Constant(Box<dyn FnOnce() -> R + Send>),
    /// It depends on the stored item; `None` if the item does not exist.
    FromItem(Box<dyn FnOnce(Option<Item>) -> Result<R> + Send>),
}

impl<R> Write<R, NewItem> {
    /// Returns a put without a condition.
    pub(super) fn put(item: Item) -> Self {
        Self::of(NewItem(item))
    }

    /// Returns a put that requires that the item does not exist; `refusal` returns the error if it
    /// does.
    pub(super) fn create(item: Item, refusal: impl FnOnce() -> R + Send + 'static) -> Self {
        Self::put(item).when(missing(), refusal)
    }

    /// Returns a put of an item with a newly generated key. If the item exists, that is an internal
    /// error (500).
    pub(super) fn create_new(item: Item) -> Self {
        let guard =
            Guard { condition: missing(), refusal: Refusal::FromItem(Box::new(|_| key_exists())) };
        Self { guard: Some(guard), ..Self::put(item) }
    }

    /// Adds an attribute to the item.
    pub(super) fn with(mut self, attribute: &str, value: AttributeValue) -> Self {
        self.kind.0.insert(attribute.to_owned(), value);
        self
    }

    /// Sets the time after which DynamoDB may delete the item.
    pub(super) fn expires(self, at: Timestamp) -> Self {
        self.with(TTL, number(at.unix_seconds()))
    }
}

fn key_exists<R>() -> Result<R> {
    Err(Error::internal("a newly generated key exists already"))
}

impl<R> Write<R, OldItem> {
    /// Returns a delete without a condition.
    pub(super) fn delete(key: Key) -> Self {
        Self::of(OldItem(key))
    }
}

impl<R> Write<R, CheckedItem> {
    /// Returns a condition check, to which a condition must be added.
    pub fn check(key: Key) -> Self {
        Self::of(CheckedItem(key))
    }
}

impl<R, K> Write<R, K> {
    fn of(kind: K) -> Self {
        Self { kind, guard: None, serialization_error: None }
    }

    /// Applies the write only if the condition holds; `refusal` returns the error if it does not.
    /// DynamoDB does not return the stored item, so that its content can't get into a log.
    pub(super) fn when(
        self,
        condition: Condition,
        refusal: impl FnOnce() -> R + Send + 'static,
    ) -> Self {
        let guard = Guard { condition, refusal: Refusal::Constant(Box::new(refusal)) };
        Self { guard: Some(guard), ..self }
    }

    /// Like [`Self::when`], but the error depends on the stored item, which DynamoDB returns.
    pub(super) fn when_with_item(
        self,
        condition: Condition,
        refusal: impl FnOnce(Option<Item>) -> Result<R> + Send + 'static,
    ) -> Self {
        let guard = Guard { condition, refusal: Refusal::FromItem(Box::new(refusal)) };
        Self { guard: Some(guard), ..self }
    }

    /// Returns the write, or the error of its first value that could not be serialized.
    pub(super) fn checked(self) -> Result<Self> {
        match self.serialization_error {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }

    /// Converts the error of the write, so that writes with different errors fit into one
    /// transaction.
    pub fn map_refusal<S>(self, f: impl FnOnce(R) -> S + Send + 'static) -> Write<S, K>
    where
        R: 'static,
    {
        let guard = self.guard.map(|Guard { condition, refusal }| {
            let refusal = match refusal {
                Refusal::Constant(refusal) => {
                    Refusal::Constant(Box::new(move || f(refusal())) as Box<_>)
                }
                Refusal::FromItem(refusal) => {
                    Refusal::FromItem(Box::new(move |item| refusal(item).map(f)) as Box<_>)
                }
            };
            Guard { condition, refusal }
        });
        Write { kind: self.kind, guard, serialization_error: self.serialization_error }
    }

    fn into_kind(self, kind: impl FnOnce(K) -> Kind) -> Write<R> {
        Write {
            kind: kind(self.kind),
            guard: self.guard,
            serialization_error: self.serialization_error,
        }
    }
}

impl<R> Refusal<R> {
    /// Returns the error, given the stored item.
    pub fn resolve(self, item: Option<Item>) -> Result<R> {
        match self {
            Self::Constant(refusal) => Ok(refusal()),
            Self::FromItem(refusal) => refusal(item),
        }
    }

    /// Asks DynamoDB for the stored item only if the error depends on it.
    pub fn returns(&self) -> ReturnValuesOnConditionCheckFailure {
        match self {
            Self::Constant(_) => ReturnValuesOnConditionCheckFailure::None,
            Self::FromItem(_) => ReturnValuesOnConditionCheckFailure::AllOld,
        }
    }
}

impl<R> From<Write<R, NewItem>> for Write<R> {
    fn from(write: Write<R, NewItem>) -> Self {
        write.into_kind(Kind::Put)
    }
}

impl<R> From<Write<R, Changes>> for Write<R> {
    fn from(write: Write<R, Changes>) -> Self {
        write.into_kind(Kind::Update)
    }
}

impl<R> From<Write<R, OldItem>> for Write<R> {
    fn from(write: Write<R, OldItem>) -> Self {
        write.into_kind(Kind::Delete)
    }
}

impl<R> From<Write<R, CheckedItem>> for Write<R> {
    fn from(write: Write<R, CheckedItem>) -> Self {
        write.into_kind(Kind::Check)
    }
}

impl<R> Write<R> {
    /// Converts the write to an entry of TransactWriteItems, and returns its error beside it.
    pub(super) fn build(self, table: &str) -> Result<(TransactWriteItem, Option<Refusal<R>>)> {
        let Self { kind, guard, .. } = self.checked()?;
        let mut placeholders = Placeholders::default();
        let (condition, refusal) = match guard {
            Some(Guard { condition, refusal }) => {
                (Some(condition.write(&mut placeholders)), Some(refusal))
            }
            None => (None, None),
        };
        let returns = refusal.as_ref().map(Refusal::returns);
        let item = TransactWriteItem::builder();
        let item = match kind {
            Kind::Put(NewItem(body)) => item.put(
                Put::builder()
                    .table_name(table)
                    .set_item(Some(body))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(placeholders.names())
                    .set_expression_attribute_values(placeholders.values())
                    .set_return_values_on_condition_check_failure(returns)
                    .build()
                    .map_err(Error::internal)?,
            ),
            Kind::Update(changes) => item.update(
                Update::builder()
                    .table_name(table)
                    .update_expression(changes.write(&mut placeholders))
                    .set_key(Some(key_item(changes.key)))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(placeholders.names())
                    .set_expression_attribute_values(placeholders.values())
                    .set_return_values_on_condition_check_failure(returns)
                    .build()
                    .map_err(Error::internal)?,
            ),
            Kind::Delete(OldItem(key)) => item.delete(
                Delete::builder()
                    .table_name(table)
                    .set_key(Some(key_item(key)))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(placeholders.names())
                    .set_expression_attribute_values(placeholders.values())
                    .set_return_values_on_condition_check_failure(returns)
                    .build()
                    .map_err(Error::internal)?,
            ),
            Kind::Check(CheckedItem(key)) => item.condition_check(
                ConditionCheck::builder()
                    .table_name(table)
                    .set_key(Some(key_item(key)))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(placeholders.names())
                    .set_expression_attribute_values(placeholders.values())
                    .set_return_values_on_condition_check_failure(returns)
                    .build()
                    .map_err(Error::internal)?,
            ),
        };
        Ok((item.build(), refusal))
    }
}

/// Leaves out what is written, since it may be personal data.
impl<R, K> fmt::Debug for Write<R, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Write(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::expression::is_number;

    #[test]
    fn a_check_sends_its_condition_and_has_an_error() {
        let key = Key { pk: "A".into(), sk: "B".into() };
        let check = Write::<&str, _>::check(key).when(is_number("version", 1), || "changed");
        let (item, refusal) = Write::from(check).build("table").unwrap();
        assert_eq!(item.condition_check().unwrap().condition_expression(), "#0 = :0");
        assert_eq!(refusal.unwrap().resolve(None).unwrap(), "changed");
    }

    #[test]
    fn meaning_converts_the_error_of_a_write() {
        let key = Key { pk: "A".into(), sk: "B".into() };
        let write = Write::<&str, _>::delete(key)
            .when(is_number("version", 1), || "changed")
            .map_refusal(|refusal| format!("the cart was {refusal}"));
        let refusal = write.guard.unwrap().refusal;
        assert_eq!(refusal.resolve(None).unwrap(), "the cart was changed");
    }
}
