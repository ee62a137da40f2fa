//! The ledger of each variant's stock: an item for each movement, which is created once and never
//! changes.

use super::item::{from_item, to_item};
use super::keys::{self, TABLE};
use super::list::{Order, Query};
use super::read::Read;
use super::table::Store;
use super::write::{NewItem, Write};
use crate::crypto::cursor;
use crate::domain::error::{Error, Result};
use crate::domain::inventory::Inventory;
use crate::domain::page::{Cursor, Page, Paging, Start};
use crate::domain::stock::{LedgerEntry, LedgerPage, LedgerRow, MovementId};
use crate::domain::time::Timestamp;

/// The store's operations on the ledgers of stock.
#[derive(Debug, Clone, Copy)]
pub struct Ledger<'a>(&'a Store);

/// The error of a movement that the ledger has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MovementExists;

const MOVEMENT: &str = "movement";

impl Store {
    /// Returns the store's operations on the ledgers of stock.
    pub fn ledger(&self) -> Ledger<'_> {
        Ledger(self)
    }
}

impl Ledger<'_> {
    /// Returns the write that adds the latest movement of a variant's stock to its ledger.
    pub fn create(
        self,
        stock: &Inventory,
        entry: &LedgerEntry,
    ) -> Result<Write<MovementExists, NewItem>> {
        let key = keys::movement(stock.product_id, &stock.sku, entry.number);
        Ok(Write::create(to_item(MOVEMENT, key, entry)?, || MovementExists))
    }

    /// Adds the latest movement of a variant's stock to its ledger; returns false if the ledger has
    /// it already.
    pub async fn add(self, stock: &Inventory, entry: &LedgerEntry) -> Result<bool> {
        Ok(self.0.put(self.create(stock, entry)?).await?.is_done())
    }

    /// Returns a movement, by a consistent read; 404 if the ledger does not have it.
    pub async fn get(self, id: &MovementId) -> Result<LedgerEntry> {
        let key = keys::movement(id.product_id, &id.sku, id.number);
        let item = self.0.get(key, Read::Consistent).await?;
        item.map(from_item).transpose()?.ok_or(Error::NotFound)
    }

    /// Returns a page of the movements of a variant's stock, the newest first. The latest one is that
    /// of the variant itself, whether or not the ledger has it already.
    pub async fn list(
        self,
        stock: &Inventory,
        paging: &Paging,
        now: Timestamp,
    ) -> Result<Page<LedgerRow>> {
        let partition = keys::ledger(stock.product_id, &stock.sku);
        let query = Query {
            named: partition.clone(),
            read: Read::Consistent,
            ..Query::all(TABLE, partition, Order::Descending)
        };
        let description = query.description();
        let part = paging.part()?;
        let size = part.size.get() as usize;
        let before = match part.start {
            Start::First => None,
            Start::After(cursor) => Some(cursor::read(&description, &cursor)?),
            Start::Skip(_) => return Err(Error::internal("a ledger has no numbered pages")),
        };
        let number = |text: String| text.parse().ok().filter(|number| *number < u64::MAX);
        let before = match before {
            Some(text) => Some(number(text).ok_or_else(Error::invalid_cursor)?),
            None => None,
        };

        // With the movement above the page and the one below it, which say what is missing.
        let after = before.map(|number| keys::movement_number(number + 1));
        let found = self.0.query(&query, after.as_deref(), size + 2).await?;
        let mut entries: Vec<LedgerEntry> =
            found.items.into_iter().map(from_item).collect::<Result<_>>()?;
        let newest = entries.first().map_or(0, |entry| entry.number);
        let latest = stock.latest_entry().filter(|latest| {
            latest.number > newest && before.is_none_or(|before| latest.number <= before)
        });
        entries.splice(0..0, latest);

        let page = LedgerPage { entries, is_end: found.end.is_none(), before, size };
        let (rows, next) = page.rows(now);
        let cursor = |number: u64| cursor::write(&description, &number.to_string());
        let cursors: Vec<Cursor> = rows.iter().map(|row| cursor(row.number())).collect();
        Ok(Page { items: rows, cursors, next: next.map(cursor) })
    }
}
