//! The read calls that the resources' files use.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;
use futures_util::future::FutureExt;

use super::expression::{Condition, Placeholders};
use super::failure::failure;
use super::item::{Item, key_item, text};
use super::keys::Key;
use super::retry::{Attempts, join_bounded};
use super::table::Store;
use crate::domain::error::{Error, Result};

/// The consistency of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// Strongly consistent: it shows every write that succeeded before.
    Consistent,
    /// Eventually consistent, for half the capacity units: it may miss a write of a moment ago.
    Eventual,
}

impl Read {
    pub(super) fn is_consistent(self) -> bool {
        self == Self::Consistent
    }
}

/// The most items that BatchGetItem reads in one call.
const BATCH: usize = 100;

impl Store {
    pub(super) async fn get(&self, key: Key, read: Read) -> Result<Option<Item>> {
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key_item(key)));
        let response = get.consistent_read(read.is_consistent()).send().await;
        Ok(response.map_err(|error| failure("GetItem", &error))?.item)
    }

    /// Returns a partition's items, in the order of their sort keys.
    pub(super) async fn partition(&self, pk: &str, read: Read) -> Result<Vec<Item>> {
        self.partition_where(pk, None, read).await
    }

    /// Returns the items of a partition for which the condition holds, or all if there is none, in
    /// the order of their sort keys.
    pub(super) async fn partition_where(
        &self,
        pk: &str,
        condition: Option<&Condition>,
        read: Read,
    ) -> Result<Vec<Item>> {
        let mut placeholders = Placeholders::default();
        // A fixed name, by which the tests find out which partition is read.
        placeholders.named_value(":partition", text(pk));
        let filter = condition.map(|condition| condition.write(&mut placeholders));
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let response = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :partition")
                .set_filter_expression(filter.clone())
                .set_expression_attribute_names(placeholders.names())
                .set_expression_attribute_values(placeholders.values())
                .consistent_read(read.is_consistent())
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| failure("Query", &error))?;
            items.extend(response.items.unwrap_or_default());
            start = response.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    /// Returns the items with these keys, in no order; missing ones are left out. `attributes`
    /// names the attributes to read; if it is empty, all are read.
    pub(super) async fn batch_get(
        &self,
        keys: Vec<Key>,
        attributes: &[&str],
        read: Read,
    ) -> Result<Vec<Item>> {
        let mut batches = Vec::new();
        for batch in keys.chunks(BATCH) {
            batches.push(self.one_batch(batch, attributes, read).boxed());
        }
        Ok(join_bounded(batches).await?.into_iter().flatten().collect())
    }

    async fn one_batch(&self, keys: &[Key], attributes: &[&str], read: Read) -> Result<Vec<Item>> {
        let mut wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys.iter().cloned().map(key_item).collect()))
            .consistent_read(read.is_consistent());
        if !attributes.is_empty() {
            let names = attributes.iter().enumerate();
            let names: HashMap<_, _> =
                names.map(|(index, name)| (format!("#{index}"), (*name).to_owned())).collect();
            let projection = names.keys().cloned().collect::<Vec<_>>().join(", ");
            wanted = wanted
                .projection_expression(projection)
                .set_expression_attribute_names(Some(names));
        }
        let mut wanted = Some(wanted.build().map_err(Error::internal)?);
        let mut items = Vec::new();
        let mut attempts = Attempts::new("BatchGetItem leaves keys unprocessed");
        loop {
            let response = self
                .client
                .batch_get_item()
                .set_request_items(wanted.take().map(|keys| [(self.table.clone(), keys)].into()))
                .send()
                .await
                .map_err(|error| failure("BatchGetItem", &error))?;
            let found = response.responses.unwrap_or_default().remove(&self.table);
            items.extend(found.unwrap_or_default());
            wanted = response.unprocessed_keys.unwrap_or_default().remove(&self.table);
            if wanted.is_none() {
                return Ok(items);
            }
            attempts.pause().await?;
        }
    }
}
