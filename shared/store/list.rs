//! The one way to list: a partition of the table or of an index, in either order, all of it or a
//! range, with a filter, page by page.
//!
//! A cursor holds a position only, the value of the sort key behind which the next page begins, and
//! a fingerprint of the query it belongs to. It names no partition, so it can't lead into somebody
//! else's list; from another query it is 400 `invalid_cursor`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;

use super::expression::{Condition, Placeholders};
use super::failure::failure;
use super::item::{Item, from_item, key_item, text, text_of};
use super::keys::Index;
use super::table::Store;
use crate::crypto::digest::digest;
use crate::domain::error::{Error, Result};
use crate::domain::page::{Cursor, Page, Paging, Start};

/// What is listed.
#[derive(Debug, Clone)]
pub(super) struct Query {
    /// The table itself or one of its indexes.
    pub index: Index,
    /// The partition.
    pub partition: String,
    /// What the caller's query says of the partition: a cursor fits only a query that says the same.
    /// Empty where the partition is the caller's own, or the only one.
    pub named: String,
    /// Which of its items.
    pub range: Range,
    /// In which order.
    pub order: Order,
    /// Which of those that were read.
    pub filter: Option<Condition>,
}

/// A range of sort keys.
#[derive(Debug, Clone)]
pub(super) enum Range {
    /// All of them.
    All,
    /// Those that begin so.
    Prefix(String),
    /// Those that sort before this.
    Before(String),
}

/// The order of sort keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The smallest first.
    Ascending,
    /// The largest first: of identifiers, the newest.
    Descending,
}

/// Some items of a query, and the sort key behind which it goes on.
pub(super) struct Found {
    pub items: Vec<Item>,
    pub end: Option<String>,
    /// How many items were looked at, those included that the filter has left out.
    pub read: usize,
}

/// What a filter may leave out in one page of a list, counted in items that were read. A page that
/// ends for this reason is not full, and its cursor goes on behind what was read.
const MOST_READ: usize = 1000;

/// How many items a filtered query reads at once where a page is filled.
const READ_AT_ONCE: usize = 100;

impl Query {
    /// All of a partition.
    pub fn all(index: Index, partition: String, order: Order) -> Self {
        Self { index, partition, named: String::new(), range: Range::All, order, filter: None }
    }

    /// What tells this query from every other one.
    pub fn fingerprint(&self) -> String {
        let Self { index, partition: _, named, range, order, filter } = self;
        fingerprint(&format!("{index:?} {named} {range:?} {order:?} {filter:?}"))
    }

    fn contains(&self, position: &str) -> bool {
        match &self.range {
            Range::All => true,
            Range::Prefix(prefix) => position.starts_with(prefix),
            Range::Before(end) => position < end.as_str(),
        }
    }

    /// The key at a position, as DynamoDB takes it; `None` where nothing of this query can be there.
    fn start_key(&self, position: &str) -> Option<Item> {
        let key =
            (self.index.key)(&self.partition, position).filter(|_| self.contains(position))?;
        let mut item = key_item(key);
        item.insert(self.index.partition.to_owned(), text(&self.partition));
        item.insert(self.index.sort.to_owned(), text(position));
        Some(item)
    }
}

/// What tells a list from every other one, by a text that describes it.
pub(super) fn fingerprint(description: &str) -> String {
    let mut digest = digest([description.as_bytes()]);
    digest.truncate(6);
    digest
}

/// A cursor of the list with this fingerprint.
pub(super) fn cursor(fingerprint: &str, position: &str) -> Cursor {
    Cursor::new(URL_SAFE_NO_PAD.encode(format!("{fingerprint}{position}")))
}

/// The position that a cursor of the list with this fingerprint holds.
pub(super) fn position(fingerprint: &str, cursor: &str) -> Result<String> {
    let text = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let position = text.as_deref().and_then(|text| text.strip_prefix(fingerprint));
    position.map(str::to_owned).ok_or_else(invalid_cursor)
}

pub(super) fn invalid_cursor() -> Error {
    Error::Malformed {
        code: "invalid_cursor",
        detail: "The cursor does not belong to this list; begin again without it.".into(),
    }
}

impl Store {
    /// One page of a list. A page by cursor is one query; a numbered one is filled, at the price of
    /// at most 1,000 items read.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        query: &Query,
        paging: &Paging,
    ) -> Result<Page<T>> {
        let fingerprint = query.fingerprint();
        let part = paging.part()?;
        let size = part.size.get() as usize;
        let (mut start, skip, is_numbered) = match part.start {
            Start::First => (None, 0, false),
            Start::After(cursor) => (Some(position(&fingerprint, &cursor)?), 0, false),
            Start::Skip(items) => (None, items as usize, true),
        };
        let (mut skipped, mut read, mut items) = (0, 0, Vec::with_capacity(size));
        let mut cursors: Vec<Cursor> = Vec::with_capacity(size);
        let next = loop {
            let missing = skip - skipped + size - items.len();
            // `Limit` counts what a filter leaves out, and a numbered page is filled all the same.
            let wanted = match query.filter {
                Some(_) if is_numbered => missing.max(READ_AT_ONCE),
                _ => missing,
            };
            let found = self.query(query, start.as_deref(), wanted).await?;
            read += found.read;
            let mut is_full = false;
            for item in found.items {
                if skipped < skip {
                    skipped += 1;
                } else if items.len() < size {
                    let position = text_of(&item, query.index.sort).unwrap_or_default();
                    cursors.push(cursor(&fingerprint, &position));
                    items.push(from_item::<T>(item)?);
                } else {
                    is_full = true;
                }
            }
            start = found.end;
            if is_full {
                break cursors.last().cloned();
            }
            match &start {
                None => break None,
                Some(_) if is_numbered && items.len() == size => break cursors.last().cloned(),
                Some(_) if is_numbered && read < MOST_READ + skip => {}
                Some(position) => break Some(cursor(&fingerprint, position)),
            }
        };
        Ok(Page { items, cursors, next })
    }

    /// At most so many items of a query, behind a position; where there is a filter, of what was
    /// read.
    pub(super) async fn query(
        &self,
        query: &Query,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Found> {
        let start = after.map(|position| query.start_key(position).ok_or_else(invalid_cursor));
        let mut placeholders = Placeholders::default();
        // By its name: whoever stands between us and the table sees which partition is read.
        placeholders.named_value(":partition", text(&query.partition));
        let mut keys = format!("{} = :partition", placeholders.path(query.index.partition));
        match &query.range {
            Range::All => {}
            Range::Prefix(prefix) => {
                let sort = placeholders.path(query.index.sort);
                let prefix = placeholders.value(&text(prefix));
                keys += &format!(" AND begins_with({sort}, {prefix})");
            }
            Range::Before(end) => {
                let sort = placeholders.path(query.index.sort);
                let end = placeholders.value(&text(end));
                keys += &format!(" AND {sort} < {end}");
            }
        }
        let filter = query.filter.as_ref().map(|filter| filter.write(&mut placeholders));
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .set_index_name(query.index.name.map(str::to_owned))
            .key_condition_expression(keys)
            .set_filter_expression(filter)
            .set_expression_attribute_names(placeholders.names())
            .set_expression_attribute_values(placeholders.values())
            .scan_index_forward(query.order == Order::Ascending)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start.transpose()?)
            .send()
            .await
            .map_err(|error| failure("Query", &error))?;
        let end = answer.last_evaluated_key;
        Ok(Found {
            read: usize::try_from(answer.scanned_count).unwrap_or_default(),
            items: answer.items.unwrap_or_default(),
            end: end.and_then(|end| text_of(&end, query.index.sort)),
        })
    }
}
