//! The single writes as they were, until every resource speaks the write language.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;

use super::item::{Item, key_item};
use super::keys::Key;
use super::transaction_old::pauses;
use crate::domain::error::{Error, Result};

pub(super) use super::failure::failure;
pub(super) use super::read::Read;
pub(super) use super::table::Store;

/// How an update ended.
pub(super) enum Updated {
    /// The item is changed; this is what the update asked for of it.
    Done(Option<Item>),
    /// The condition failed; this is the item as it is, where the update asked for it.
    Refused(Option<Item>),
}

impl Store {
    /// Puts an item, whatever was there.
    pub(super) async fn put_old(&self, item: Item) -> Result<()> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await;
        put.map(drop).map_err(|error| failure("PutItem", &error))
    }

    /// Deletes an item, if it is there.
    pub(super) async fn delete_old(&self, key: Key) -> Result<()> {
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete.set_key(Some(key_item(key))).send().await;
        delete.map(drop).map_err(|error| failure("DeleteItem", &error))
    }

    /// Updates an item, again while a transaction holds it: the SDK does not retry that.
    pub(super) async fn update_old(&self, update: UpdateItemFluentBuilder) -> Result<Updated> {
        for pause in pauses() {
            let error = match update.clone().send().await {
                Ok(answer) => return Ok(Updated::Done(answer.attributes)),
                Err(error) => error,
            };
            let SdkError::ServiceError(service) = &error else {
                return Err(failure("UpdateItem", &error));
            };
            match service.err() {
                UpdateItemError::ConditionalCheckFailedException(failed) => {
                    return Ok(Updated::Refused(failed.item.clone()));
                }
                UpdateItemError::TransactionConflictException(_) => {
                    tokio::time::sleep(pause).await;
                }
                _ => return Err(failure("UpdateItem", &error)),
            }
        }
        Err(Error::unavailable("UpdateItem: contention does not end"))
    }
}
