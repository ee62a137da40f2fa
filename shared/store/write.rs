//! The one way to write: a put, an update, a delete or a check, alone or in a transaction.
//!
//! A write that may fail says under which condition it happens and, in the same breath, which
//! refusal it means when the condition does not hold. Nobody decodes a failed transaction by the
//! positions of its writes: it ends with the refusals themselves.

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

/// Somebody else changed the item in between: read it again and decide again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangedMeanwhile;

/// A write of kind `K`. When its condition does not hold, that means an `R`.
pub struct Write<R, K = Kind> {
    pub(super) kind: K,
    pub(super) guard: Option<Guard<R>>,
    broken: Option<Error>,
}

/// A write of any kind, as a transaction takes it.
pub enum Kind {
    /// Puts an item, or replaces it.
    Put(NewItem),
    /// Changes an item, or makes one that has only what is set.
    Update(Changes),
    /// Deletes an item.
    Delete(OldItem),
    /// Changes nothing, but its condition counts.
    Check(CheckedItem),
}

/// A put.
pub struct NewItem(pub(super) Item);

/// A deletion.
pub struct OldItem(pub(super) Key);

/// A condition check.
pub struct CheckedItem(pub(super) Key);

/// The condition of a write and what it means when it does not hold.
pub(super) struct Guard<R> {
    pub condition: Condition,
    pub refusal: Refusal<R>,
}

/// What a failed condition means.
pub(super) enum Refusal<R> {
    /// The same whatever the item is.
    Plain(Box<dyn FnOnce() -> R + Send>),
    /// It depends on the item as it is; `None` where there is none.
    Judged(Box<dyn FnOnce(Option<Item>) -> Result<R> + Send>),
}

impl<R> Write<R, NewItem> {
    /// Puts an item; say when.
    pub(super) fn put(item: Item) -> Self {
        Self::of(NewItem(item))
    }

    /// Puts an item where there is none; `refusal` says what it means that there is one.
    pub(super) fn create(item: Item, refusal: impl FnOnce() -> R + Send + 'static) -> Self {
        Self::put(item).when(missing(), refusal)
    }

    /// Puts an item whose key is new, so that nothing can be there.
    pub(super) fn create_new(item: Item) -> Self {
        let guard = Guard { condition: missing(), refusal: Refusal::Judged(Box::new(|_| taken())) };
        Self { guard: Some(guard), ..Self::put(item) }
    }

    /// The item's body has another member of this value.
    pub(super) fn with(mut self, attribute: &str, value: AttributeValue) -> Self {
        self.kind.0.insert(attribute.to_owned(), value);
        self
    }

    /// The item may be tidied up from then on.
    pub(super) fn expires(self, at: Timestamp) -> Self {
        self.with(TTL, number(at.unix_seconds()))
    }
}

fn taken<R>() -> Result<R> {
    Err(Error::internal("a new identifier is taken"))
}

impl<R> Write<R, OldItem> {
    /// Deletes an item.
    pub(super) fn delete(key: Key) -> Self {
        Self::of(OldItem(key))
    }
}

impl<R> Write<R, CheckedItem> {
    /// Judges an item without a change; say by what.
    pub fn check(key: Key) -> Self {
        Self::of(CheckedItem(key))
    }
}

impl<R, K> Write<R, K> {
    fn of(kind: K) -> Self {
        Self { kind, guard: None, broken: None }
    }

    /// Happens only under this condition; `refusal` says what it means when it does not hold. The
    /// item stays in the database: what it holds can't get into a log.
    pub(super) fn when(
        self,
        condition: Condition,
        refusal: impl FnOnce() -> R + Send + 'static,
    ) -> Self {
        let guard = Guard { condition, refusal: Refusal::Plain(Box::new(refusal)) };
        Self { guard: Some(guard), ..self }
    }

    /// The same, where what it means depends on the item as it is.
    pub(super) fn when_judged(
        self,
        condition: Condition,
        refusal: impl FnOnce(Option<Item>) -> Result<R> + Send + 'static,
    ) -> Self {
        let guard = Guard { condition, refusal: Refusal::Judged(Box::new(refusal)) };
        Self { guard: Some(guard), ..self }
    }

    /// The first thing that could not be written down, before anything is sent.
    pub(super) fn checked(self) -> Result<Self> {
        match self.broken {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }

    /// Says in other words what a refusal means, where writes of several resources meet.
    pub fn meaning<S>(self, f: impl FnOnce(R) -> S + Send + 'static) -> Write<S, K>
    where
        R: 'static,
    {
        let guard = self.guard.map(|Guard { condition, refusal }| {
            let refusal = match refusal {
                Refusal::Plain(refusal) => Refusal::Plain(Box::new(move || f(refusal())) as Box<_>),
                Refusal::Judged(refusal) => {
                    Refusal::Judged(Box::new(move |item| refusal(item).map(f)) as Box<_>)
                }
            };
            Guard { condition, refusal }
        });
        Write { kind: self.kind, guard, broken: self.broken }
    }

    fn into_kind(self, kind: impl FnOnce(K) -> Kind) -> Write<R> {
        Write { kind: kind(self.kind), guard: self.guard, broken: self.broken }
    }
}

impl<R> Refusal<R> {
    /// What it means that the condition failed on this item.
    pub fn judge(self, item: Option<Item>) -> Result<R> {
        match self {
            Self::Plain(refusal) => Ok(refusal()),
            Self::Judged(refusal) => refusal(item),
        }
    }

    /// The item is asked for only where somebody looks at it.
    pub fn wanted(&self) -> ReturnValuesOnConditionCheckFailure {
        match self {
            Self::Plain(_) => ReturnValuesOnConditionCheckFailure::None,
            Self::Judged(_) => ReturnValuesOnConditionCheckFailure::AllOld,
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
    /// The write as a transaction of this table takes it, and what its refusal means.
    pub(super) fn build(self, table: &str) -> Result<(TransactWriteItem, Option<Refusal<R>>)> {
        let Self { kind, guard, .. } = self.checked()?;
        let mut placeholders = Placeholders::default();
        let (condition, refusal) = match guard {
            Some(Guard { condition, refusal }) => {
                (Some(condition.write(&mut placeholders)), Some(refusal))
            }
            None => (None, None),
        };
        let wanted = refusal.as_ref().map(Refusal::wanted);
        let item = TransactWriteItem::builder();
        let item = match kind {
            Kind::Put(NewItem(body)) => item.put(
                Put::builder()
                    .table_name(table)
                    .set_item(Some(body))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(placeholders.names())
                    .set_expression_attribute_values(placeholders.values())
                    .set_return_values_on_condition_check_failure(wanted)
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
                    .set_return_values_on_condition_check_failure(wanted)
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
                    .set_return_values_on_condition_check_failure(wanted)
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
                    .set_return_values_on_condition_check_failure(wanted)
                    .build()
                    .map_err(Error::internal)?,
            ),
        };
        Ok((item.build(), refusal))
    }
}

/// Without what it writes: that may be somebody's.
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
    fn a_check_changes_nothing_and_still_refuses() {
        let key = Key { pk: "A".into(), sk: "B".into() };
        let check = Write::<&str, _>::check(key).when(is_number("version", 1), || "overtaken");
        let (item, refusal) = Write::from(check).build("table").unwrap();
        assert_eq!(item.condition_check().unwrap().condition_expression(), "#0 = :0");
        assert_eq!(refusal.unwrap().judge(None).unwrap(), "overtaken");
    }

    #[test]
    fn a_refusal_says_what_its_write_means() {
        let key = Key { pk: "A".into(), sk: "B".into() };
        let write = Write::<&str, _>::delete(key)
            .when(is_number("version", 1), || "overtaken")
            .meaning(|refusal| format!("the cart was {refusal}"));
        let refusal = write.guard.unwrap().refusal;
        assert_eq!(refusal.judge(None).unwrap(), "the cart was overtaken");
    }
}
