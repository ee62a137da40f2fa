//! The table, and the three calls that write a single item.

use aws_credential_types::provider::SharedCredentialsProvider;
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
use crate::domain::error::{Error, Result};

/// The shop's table. A method such as `store.orders()` returns the operations on one resource.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) client: Client,
    pub(super) table: String,
}

/// The result of a write of a single item.
#[derive(Debug)]
pub(super) enum Written<R> {
    /// It was applied. Holds the item after the write, if the write asked for it.
    Done(Option<Item>),
    /// Its condition did not hold. Holds the error that the write gives for this.
    Refused(R),
}

impl<R> Written<R> {
    /// Returns whether the write was applied.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }
}

/// A write's condition as an expression with placeholders, and the error if it does not hold.
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
    /// Returns the shop's table; `http` replaces the HTTP client in tests.
    pub fn new(config: &Config, http: Option<SharedHttpClient>) -> Self {
        Self { client: crate::aws::dynamodb::client(config, http), table: config.table.clone() }
    }

    /// Returns the shop's table for a command that an operator runs, with the credentials of a
    /// provider instead of the environment's.
    pub fn of_command(config: &Config, credentials: SharedCredentialsProvider) -> Self {
        let client = crate::aws::dynamodb::client_of_command(config, credentials);
        Self { client, table: config.table.clone() }
    }

    /// Returns the table's ARN, which names its region and account, by a call that no function may
    /// make.
    pub async fn arn(&self) -> Result<String> {
        let response = self.client.describe_table().table_name(&self.table).send().await;
        let description = response.map_err(|error| failure("DescribeTable", &error))?.table;
        let arn = description.and_then(|table| table.table_arn);
        arn.ok_or_else(|| Error::internal("DescribeTable returned no ARN"))
    }

    /// Puts one item. Retries while a transaction holds it, which the SDK does not.
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
            .set_return_values_on_condition_check_failure(refusal.as_ref().map(Refusal::returns));
        let mut attempts = Attempts::new("PutItem: contention did not end within all retries");
        loop {
            let error = match put.clone().send().await {
                Ok(_) => return Ok(Written::Done(None)),
                Err(error) => error,
            };
            match service_error(&error) {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    return refused(refusal, failed.item.clone());
                }
                Some(PutItemError::TransactionConflictException(_)) => attempts.pause().await?,
                _ => return Err(failure("PutItem", &error)),
            }
        }
    }

    /// Updates one item. Retries while a transaction holds it, which the SDK does not.
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
            .set_return_values_on_condition_check_failure(refusal.as_ref().map(Refusal::returns));
        let mut attempts = Attempts::new("UpdateItem: contention did not end within all retries");
        loop {
            let error = match update.clone().send().await {
                Ok(response) => return Ok(Written::Done(response.attributes)),
                Err(error) => error,
            };
            match service_error(&error) {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                    return refused(refusal, failed.item.clone());
                }
                Some(UpdateItemError::TransactionConflictException(_)) => attempts.pause().await?,
                _ => return Err(failure("UpdateItem", &error)),
            }
        }
    }

    /// Deletes one item. Retries while a transaction holds it, which the SDK does not.
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
            .set_return_values_on_condition_check_failure(refusal.as_ref().map(Refusal::returns));
        let mut attempts = Attempts::new("DeleteItem: contention did not end within all retries");
        loop {
            let error = match delete.clone().send().await {
                Ok(_) => return Ok(Written::Done(None)),
                Err(error) => error,
            };
            match service_error(&error) {
                Some(DeleteItemError::ConditionalCheckFailedException(failed)) => {
                    return refused(refusal, failed.item.clone());
                }
                Some(DeleteItemError::TransactionConflictException(_)) => attempts.pause().await?,
                _ => return Err(failure("DeleteItem", &error)),
            }
        }
    }
}

fn service_error<E, R>(error: &SdkError<E, R>) -> Option<&E> {
    match error {
        SdkError::ServiceError(service) => Some(service.err()),
        _ => None,
    }
}

fn refused<R>(refusal: Option<Refusal<R>>, item: Option<Item>) -> Result<Written<R>> {
    let no_condition = || Error::internal("DynamoDB rejected a write that has no condition");
    refusal.ok_or_else(no_condition)?.resolve(item).map(Written::Refused)
}
