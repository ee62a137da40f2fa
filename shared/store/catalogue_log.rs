//! The catalogue's log: entries numbered from 1 without gaps.
//!
//! A writer reads the number of the last entry, then the products and categories that changed, both
//! consistently, and then creates the next entry on condition that it does not exist. If it does,
//! another writer was faster, and the writer begins again. So what an entry says of a product was read
//! after each earlier entry was written: the order of the entries is the order of the product's
//! states, whatever the order of the stream's records.

use std::sync::{Mutex, PoisonError};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use time::Duration;

use super::item::{Item, from_item, to_item};
use super::keys::{self, TABLE};
use super::list::{Order, Query, Range};
use super::read::Read;
use super::table::Store;
use super::write::Write;
use crate::catalogue::log::{Changes, Entry};
use crate::domain::error::{Error, Result};
use crate::domain::search_language::SearchLanguage;
use crate::domain::time::Timestamp;

/// The store's operations on the catalogue's log.
#[derive(Debug, Clone, Copy)]
pub struct CatalogueLog<'a>(&'a Store);

/// The number of the log's last entry, as a writer knows it since its last write.
#[derive(Debug, Default)]
pub struct KnownTail(Mutex<Option<(u64, Timestamp)>>);

/// Another writer has written the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryExists;

const ENTRY: &str = "catalogue_log_entry";

/// How long a writer believes the number that it knows. A writer that was suspended may know the
/// number of an entry that has been taken into a segment and deleted since, which is at least an hour
/// after it was written: it could create the next one a second time.
const BELIEVED: Duration = Duration::minutes(10);

/// The attribute with an entry's changes, compressed.
const CHANGES: &str = "changes";

/// The attributes of an entry besides its changes.
#[derive(Debug, Serialize, Deserialize)]
struct EntryItem {
    number: u64,
    at: Timestamp,
    language: SearchLanguage,
}

/// The changes of the first entries that were ever written, which are JSON lists.
#[derive(Debug, Default, Deserialize)]
struct Texts {
    #[serde(default)]
    products: Option<String>,
    #[serde(default)]
    categories: Option<String>,
}

impl Store {
    /// Returns the store's operations on the catalogue's log.
    pub fn catalogue_log(&self) -> CatalogueLog<'_> {
        CatalogueLog(self)
    }
}

impl CatalogueLog<'_> {
    /// Returns the number of the last entry, by a consistent read; 0 if there is none.
    pub async fn tail(self) -> Result<u64> {
        #[derive(Deserialize)]
        struct Last {
            number: u64,
        }
        let query = Query {
            read: Read::Consistent,
            ..Query::all(TABLE, keys::catalogue_log(), Order::Descending)
        };
        let last = self.0.query(&query, None, 1).await?.items.into_iter().next();
        Ok(last.map(from_item::<Last>).transpose()?.map_or(0, |last| last.number))
    }

    /// Creates an entry; [`EntryExists`] if another writer has created one with its number.
    pub async fn create(
        self,
        entry: &Entry,
        now: Timestamp,
    ) -> Result<std::result::Result<(), EntryExists>> {
        let item = EntryItem { number: entry.number, at: now, language: entry.language };
        let mut item = to_item(ENTRY, keys::catalogue_log_entry(entry.number), &item)?;
        let changes = AttributeValue::B(Blob::new(entry.changes.to_stored()?));
        item.insert(CHANGES.to_owned(), changes);
        let written = self.0.put(Write::create(item, || EntryExists)).await?;
        Ok(if written.is_done() { Ok(()) } else { Err(EntryExists) })
    }

    /// Returns the entries after a number, in their order, as many as one query returns (about a
    /// megabyte), the bytes stored of their changes, and whether there are more. If the first one is not the
    /// next number, the entries between are in segments and deleted; by an eventually consistent
    /// read, the last ones may be missing.
    pub async fn some_after(self, number: u64, read: Read) -> Result<(Vec<Entry>, u64, bool)> {
        let query = Query {
            range: Range::After(keys::catalogue_log_entry(number).sk),
            read,
            ..Query::all(TABLE, keys::catalogue_log(), Order::Ascending)
        };
        let found = self.0.query(&query, None, usize::MAX).await?;
        let (mut entries, mut bytes) = (Vec::new(), 0);
        for item in found.items {
            let (entry, stored) = entry_of(item)?;
            entries.push(entry);
            bytes += stored;
        }
        Ok((entries, bytes, found.end.is_some()))
    }

    /// Returns all entries after a number, like [`Self::some_after`].
    pub async fn after(self, mut number: u64, read: Read) -> Result<Vec<Entry>> {
        let mut all = Vec::new();
        loop {
            let (entries, _, has_more) = self.some_after(number, read).await?;
            number = entries.last().map_or(number, |entry| entry.number);
            all.extend(entries);
            if !has_more {
                return Ok(all);
            }
        }
    }

    /// Deletes an entry that segments hold.
    pub async fn delete(self, number: u64) -> Result<()> {
        self.0.delete(Write::<(), _>::delete(keys::catalogue_log_entry(number))).await.map(drop)
    }
}

impl KnownTail {
    /// Returns the number, unless it is too old to be believed.
    pub fn get(&self, now: Timestamp) -> Option<u64> {
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.filter(|(_, at)| now < at.plus(BELIEVED)).map(|(number, _)| number)
    }

    /// Remembers the number as of a time; forgets it if it is `None`.
    pub fn set(&self, number: Option<u64>, at: Timestamp) {
        let known = number.map(|number| (number, at));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }
}

/// Returns the entry of an item, and the bytes stored of its changes.
fn entry_of(mut item: Item) -> Result<(Entry, u64)> {
    let changes = item.remove(CHANGES);
    let (changes, bytes) = match changes {
        Some(AttributeValue::B(changes)) => {
            let changes = changes.into_inner();
            (Changes::from_stored(&changes)?, changes.len())
        }
        Some(_) => return Err(Error::internal("the changes of an entry are not bytes")),
        None => from_item::<Texts>(item.clone())?.changes()?,
    };
    let EntryItem { number, language, .. } = from_item(item)?;
    Ok((Entry { number, language, changes }, bytes as u64))
}

impl Texts {
    /// Returns the changes and the bytes of the texts.
    fn changes(self) -> Result<(Changes, usize)> {
        let texts = [&self.products, &self.categories].into_iter().flatten();
        let bytes = texts.map(String::len).sum();
        if bytes == 0 {
            return Err(Error::internal("an entry of the catalogue's log has no changes"));
        }
        let (products, categories) = (from_text(self.products)?, from_text(self.categories)?);
        Ok((Changes { products, categories }, bytes))
    }
}

fn from_text<T: DeserializeOwned>(changes: Option<String>) -> Result<Vec<T>> {
    let changes = changes.map(|text| serde_json::from_str(&text)).transpose();
    Ok(changes.map_err(Error::internal)?.unwrap_or_default())
}
