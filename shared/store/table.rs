//! The table, and the three calls that write one item of it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;

use super::expression::Placeholders;
use super::failure::failure;
use super::item::{Item, key_item};
use super::retry::Attempts;
use super::write::{Changes, Guard, NewItem, OldItem, Refusal, Write};
use crate::config::Config;
use crate::domain::error::Result;

/// The shop's table. Each kind of item has a handle of its own: `store.orders()`.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) client: Client,
    pub(super) table: String,
}

/// How a single write ended.
#[derive(Debug)]
pub(super) enum Written<R> {
    /// It is written. The item as it is then, where the write asked for it.
    Done(Option<Item>),
    /// Its condition did not hold.
    Refused(R),
}

impl<R> Written<R> {
    /// Whether it is written.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

/// A condition and its refusal, as the three calls take them.
struct Prepared<R> {
    placeholders: Placeholders,
    condition: Option<String>,
    refusal: Option<Refusal<R>>,
}

impl<R> Prepared<R> {
    fn of(guard: Option<Guard<R>>) -> Self {
        let mut placeholders = Placeholders::default();
        let (condition, refusal) = match guard {
            Some(Guard { condition, refusal }) => {
                (Some(condition.write(&mut placeholders)), Some(refusal))
            }
            None => (None, None),
        };
        Self { placeholders, condition, refusal }
    }
}

impl Store {
    /// The shop's table; `http` replaces the network, for tests.
    pub fn new(config: &Config, http: Option<SharedHttpClient>) -> Self {
        Self { client: crate::aws::dynamodb::client(config, http), table: config.table.clone() }
    }

    /// Puts one item.
    pub(super) async fn put<R>(&self, write: Write<R, NewItem>) -> Result<Written<R>> {
        let Write { kind: NewItem(item), guard, .. } = write.checked()?;
        let Prepared { placeholders, condition, refusal } = Prepared::of(guard);
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .set_condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .set_return_values_on_condition_check_failure(refusal.as_ref().map(Refusal::wanted));
        let mut attempts = Attempts::at("PutItem: contention does not end");
        loop {
            let error = match put.clone().send().await {
                Ok(_) => return Ok(Written::Done(None)),
                Err(error) => error,
            };
            match service(&error) {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    return refused(refusal, failed.item.clone());
                }
                Some(PutItemError::TransactionConflictException(_)) => attempts.pause().await?,
                _ => return Err(failure("PutItem", &error)),
            }
        }
    }

    /// Changes one item, again while a transaction holds it: the SDK does not retry that.
    pub(super) async fn update<R>(&self, write: Write<R, Changes>) -> Result<Written<R>> {
        let Write { kind: changes, guard, .. } = write.checked()?;
        let Prepared { mut placeholders, condition, refusal } = Prepared::of(guard);
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .update_expression(changes.write(&mut placeholders))
            .return_values(changes.return_value())
            .set_key(Some(key_item(changes.key)))
            .set_condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .set_return_values_on_condition_check_failure(refusal.as_ref().map(Refusal::wanted));
        let mut attempts = Attempts::at("UpdateItem: contention does not end");
        loop {
            let error = match update.clone().send().await {
                Ok(answer) => return Ok(Written::Done(answer.attributes)),
                Err(error) => error,
            };
            match service(&error) {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    return refused(refusal, failed.item.clone());
                }
                Some(UpdateItemError::TransactionConflictException(_)) => attempts.pause().await?,
                _ => return Err(failure("UpdateItem", &error)),
            }
        }
    }

    /// Deletes one item.
    pub(super) async fn delete<R>(&self, write: Write<R, OldItem>) -> Result<Written<R>> {
        let Write { kind: OldItem(key), guard, .. } = write.checked()?;
        let Prepared { placeholders, condition, refusal } = Prepared::of(guard);
        let delete = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key_item(key)))
            .set_condition_expression(condition)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .set_return_values_on_condition_check_failure(refusal.as_ref().map(Refusal::wanted));
        let mut attempts = Attempts::at("DeleteItem: contention does not end");
        loop {
            let error = match delete.clone().send().await {
                Ok(_) => return Ok(Written::Done(None)),
                Err(error) => error,
            };
            match service(&error) {
                Some(DeleteItemError::ConditionalCheckFailedException(failed)) => {
                    return refused(refusal, failed.item.clone());
                }
                Some(DeleteItemError::TransactionConflictException(_)) => attempts.pause().await?,
                _ => return Err(failure("DeleteItem", &error)),
            }
        }
    }
}

fn service<E, R>(error: &SdkError<E, R>) -> Option<&E> {
    match error {
        SdkError::ServiceError(service) => Some(service.err()),
        _ => None,
    }
}

fn refused<R>(refusal: Option<Refusal<R>>, item: Option<Item>) -> Result<Written<R>> {
    let unguarded =
        || crate::domain::error::Error::internal("a write without a condition failed one");
    refusal.ok_or_else(unguarded)?.judge(item).map(Written::Refused)
}
