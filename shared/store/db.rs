//! The few calls that the resources are made of, and what their failures mean.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;

use super::item::{Item, from_item, key_item, text};
use super::keys::{Index, Key};
use super::transaction::pauses;
use crate::aws::dynamodb;
use crate::config::Config;
use crate::domain::error::{Error, Result};
use crate::domain::page::{Page, Part, Start};

/// The shop's table.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) client: Client,
    pub(super) table: String,
}

/// Whether a read may lag behind the last write by a moment, at half the price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    Consistent,
    Eventual,
}

/// How an update ended.
pub(super) enum Updated {
    /// The item is changed; this is what the update asked for of it.
    Done(Option<Item>),
    /// The condition failed; this is the item as it is, where the update asked for it.
    Refused(Option<Item>),
}

/// A list: one partition of an index, newest first.
pub(super) struct List {
    pub index: Index,
    pub partition: String,
    /// `status = …`, where only some items are wanted.
    pub status: Option<String>,
}

/// BatchGetItem's own limit.
const BATCH: usize = 100;

impl Store {
    /// The shop's table; `http` replaces the network, for tests.
    pub fn new(config: &Config, http: Option<SharedHttpClient>) -> Self {
        Self { client: dynamodb::client(config, http), table: config.table.clone() }
    }

    pub(super) async fn get(&self, key: Key, read: Read) -> Result<Option<Item>> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key_item(key)))
            .consistent_read(read == Read::Consistent)
            .send()
            .await
            .map_err(|error| failure("GetItem", &error))?;
        Ok(answer.item)
    }

    /// Puts an item, whatever was there.
    pub(super) async fn put(&self, item: Item) -> Result<()> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await;
        put.map(drop).map_err(|error| failure("PutItem", &error))
    }

    /// Deletes an item, if it is there.
    pub(super) async fn delete(&self, key: Key) -> Result<()> {
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete.set_key(Some(key_item(key))).send().await;
        delete.map(drop).map_err(|error| failure("DeleteItem", &error))
    }

    /// A partition's items, in the order of their sort keys.
    pub(super) async fn partition(&self, pk: &str, read: Read) -> Result<Vec<Item>> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let answer = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(":pk", text(pk))
                .consistent_read(read == Read::Consistent)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| failure("Query", &error))?;
            items.extend(answer.items.unwrap_or_default());
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// Some of these items, in no order; those that are missing are left out.
    pub(super) async fn batch_get(
        &self,
        keys: Vec<Key>,
        attributes: Option<&str>,
        read: Read,
    ) -> Result<Vec<Item>> {
        let mut batches = Vec::new();
        for batch in keys.chunks(BATCH) {
            batches.push(self.one_batch(batch, attributes, read).boxed());
        }
        Ok(join_bounded(batches).await?.into_iter().flatten().collect())
    }

    async fn one_batch(
        &self,
        keys: &[Key],
        attributes: Option<&str>,
        read: Read,
    ) -> Result<Vec<Item>> {
        let mut wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys.iter().cloned().map(key_item).collect()))
            .consistent_read(read == Read::Consistent);
        if let Some(attributes) = attributes {
            for (index, name) in attributes.split(", ").enumerate() {
                wanted = wanted.expression_attribute_names(format!("#a{index}"), name);
            }
            let projection: Vec<_> =
                (0..attributes.split(", ").count()).map(|index| format!("#a{index}")).collect();
            wanted = wanted.projection_expression(projection.join(", "));
        }
        let mut wanted = Some(wanted.build().map_err(Error::internal)?);
        let mut items = Vec::new();
        for pause in pauses() {
            let answer = self
                .client
                .batch_get_item()
                .set_request_items(wanted.take().map(|keys| [(self.table.clone(), keys)].into()))
                .send()
                .await
                .map_err(|error| failure("BatchGetItem", &error))?;
            items.extend(
                answer.responses.unwrap_or_default().remove(&self.table).unwrap_or_default(),
            );
            wanted = answer.unprocessed_keys.unwrap_or_default().remove(&self.table);
            if wanted.is_none() {
                return Ok(items);
            }
            tokio::time::sleep(pause).await;
        }
        Err(Error::unavailable("BatchGetItem leaves keys unprocessed"))
    }

    /// Updates an item, again while a transaction holds it: the SDK does not retry that.
    pub(super) async fn update(&self, update: UpdateItemFluentBuilder) -> Result<Updated> {
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

    /// A part of a list whose items are sorted by their identifier; `key` gives the table key of
    /// the item with that identifier.
    pub(super) async fn list<T, P>(
        &self,
        list: List,
        part: Part<P>,
        key: fn(P) -> Key,
    ) -> Result<Page<T, P>>
    where
        T: DeserializeOwned,
        P: Copy + Display + FromStr<Err: Display>,
    {
        let limit = part.size.get() as usize;
        let (mut start, skip, numbered) = match part.start {
            Start::First => (None, 0, false),
            Start::After(id) => (Some(list.start_key(key(id), id)), 0, false),
            Start::Skip(items) => (None, items as usize, true),
        };
        let id = |text: Option<String>| {
            text.unwrap_or_default().parse().map(Some).map_err(Error::internal)
        };
        let (mut skipped, mut items, mut last) = (0, Vec::with_capacity(limit), None);
        loop {
            let missing = skip - skipped + limit - items.len();
            // `Limit` counts what a filter leaves out, and a numbered page is filled all the same.
            let wanted = match list.status {
                Some(_) if numbered => missing.max(BATCH),
                _ => missing,
            };
            let (found, end) = self.query_list(&list, start, wanted).await?;
            for item in found {
                if skipped < skip {
                    skipped += 1;
                } else if items.len() < limit {
                    last = text_of(&item, list.index.sort);
                    items.push(from_item::<T>(item)?);
                } else {
                    return Ok(Page { items, next: id(last)? });
                }
            }
            start = end;
            match &start {
                None => return Ok(Page { items, next: None }),
                Some(end) if !numbered => {
                    return Ok(Page { items, next: id(text_of(end, list.index.sort))? });
                }
                Some(_) if items.len() == limit => return Ok(Page { items, next: id(last)? }),
                Some(_) => {}
            }
        }
    }

    /// One query of a list: what it found, and where it ended.
    async fn query_list(
        &self,
        list: &List,
        start: Option<Item>,
        limit: usize,
    ) -> Result<(Vec<Item>, Option<Item>)> {
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(list.index.name)
            .key_condition_expression("#partition = :partition")
            .expression_attribute_names("#partition", list.index.partition)
            .expression_attribute_values(":partition", text(&list.partition))
            .scan_index_forward(false)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start);
        if let Some(status) = &list.status {
            query = query
                .filter_expression("#status = :status")
                .expression_attribute_names("#status", "status")
                .expression_attribute_values(":status", text(status));
        }
        let answer = query.send().await.map_err(|error| failure("Query", &error))?;
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
    }
}

impl List {
    fn start_key(&self, key: Key, id: impl Display) -> Item {
        let mut item = key_item(key);
        item.insert(self.index.partition.to_owned(), text(&self.partition));
        item.insert(self.index.sort.to_owned(), text(id));
        item
    }
}

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

/// Carries out calls beside each other, in their order, but never so many that opening their
/// connections takes longer than waiting would.
pub(super) async fn join_bounded<T>(calls: Vec<BoxFuture<'_, Result<T>>>) -> Result<Vec<T>> {
    const FEW: usize = 4;
    stream::iter(calls).buffered(FEW).try_collect().await
}

/// What a failed call means to the shop: unreachable or overloaded is `Unavailable`, everything
/// else is a bug or a missing right.
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

/// The value of a text attribute.
pub(super) fn text_of(item: &Item, attribute: &str) -> Option<String> {
    item.get(attribute).and_then(|value: &AttributeValue| value.as_s().ok()).cloned()
}
