//! The catalogue's log: entries numbered from 1 without gaps.
//!
//! A writer reads the number of the last entry, then the products and categories that changed, both
//! consistently, and then creates the next entry on condition that it does not exist. If it does,
//! another writer was faster, and the writer begins again. So what an entry says of a product was read
//! after each earlier entry was written: the order of the entries is the order of the product's
//! states, whatever the order of the stream's records.

use std::sync::{Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use time::Duration;

use super::item::{from_item, to_item};
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

/// The attributes of an entry. The changes are texts, JSON lists: a map would cost a fifth more.
#[derive(Debug, Serialize, Deserialize)]
struct EntryItem {
    number: u64,
    at: Timestamp,
    language: SearchLanguage,
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
        let item = EntryItem {
            number: entry.number,
            at: now,
            language: entry.language,
            products: to_text(&entry.changes.products)?,
            categories: to_text(&entry.changes.categories)?,
        };
        let item = to_item(ENTRY, keys::catalogue_log_entry(entry.number), &item)?;
        let written = self.0.put(Write::create(item, || EntryExists)).await?;
        Ok(if written.is_done() { Ok(()) } else { Err(EntryExists) })
    }

    /// Returns the entries after a number, in their order. If the first one is not the next number,
    /// the entries between are in segments and deleted; by an eventually consistent read, the last
    /// ones may be missing.
    pub async fn after(self, number: u64, read: Read) -> Result<Vec<Entry>> {
        let query = Query {
            range: Range::After(keys::catalogue_log_entry(number).sk),
            read,
            ..Query::all(TABLE, keys::catalogue_log(), Order::Ascending)
        };
        let (mut entries, mut start) = (Vec::new(), None);
        loop {
            let found = self.0.query(&query, start.as_deref(), usize::MAX).await?;
            for item in found.items {
                entries.push(from_item::<EntryItem>(item)?.entry()?);
            }
            start = found.end;
            if start.is_none() {
                return Ok(entries);
            }
        }
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

impl EntryItem {
    fn entry(self) -> Result<Entry> {
        let changes = Changes {
            products: from_text(self.products)?,
            categories: from_text(self.categories)?,
        };
        Ok(Entry { number: self.number, language: self.language, changes })
    }
}

fn to_text<T: Serialize>(changes: &[T]) -> Result<Option<String>> {
    let some = (!changes.is_empty()).then_some(changes);
    some.map(serde_json::to_string).transpose().map_err(Error::internal)
}

fn from_text<T: DeserializeOwned>(changes: Option<String>) -> Result<Vec<T>> {
    let changes = changes.map(|text| serde_json::from_str(&text)).transpose();
    Ok(changes.map_err(Error::internal)?.unwrap_or_default())
}
