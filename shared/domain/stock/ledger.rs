//! The ledger of a variant's stock: all its movements, numbered from 1.
//!
//! The table's stream brings movements into the ledger, so the latest may be missing for a moment,
//! and for good if the stream has lost them. What is missing follows from its neighbours: a movement
//! says how many units were in stock after it, and so how many before.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::Duration;

use super::Movement;
use crate::domain::ids::ProductId;
use crate::domain::quantity::Stock;
use crate::domain::sku::Sku;
use crate::domain::time::Timestamp;

/// A movement with its place in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// Its number, from 1.
    pub number: u64,
    /// The units in stock after it.
    pub available_after: Stock,
    /// The movement.
    #[serde(flatten)]
    pub movement: Movement,
}

/// Identifies a movement in the shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovementId {
    /// The variant's product. A SKU can move to another product, whose ledger begins anew.
    pub product_id: ProductId,
    /// The variant.
    pub sku: Sku,
    /// The movement's number in the variant's ledger.
    pub number: u64,
}

/// Movements that the ledger does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnexplainedMovement {
    /// The number of the first one.
    pub first: u64,
    /// The number of the last one.
    pub last: u64,
    /// What they changed in sum.
    pub delta: i64,
    /// The units in stock after the last one.
    pub available_after: Stock,
    /// When the next movement happened: they are older.
    pub before: Timestamp,
}

/// A row of the list of movements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerRow {
    /// A movement.
    Entry(LedgerEntry),
    /// Movements that the ledger does not have, as one.
    Unexplained(UnexplainedMovement),
}

/// What was read of a ledger, for one page of the list.
#[derive(Debug)]
pub struct LedgerPage {
    /// Movements, the newest first: all that the ledger has from the first to the last of them.
    pub entries: Vec<LedgerEntry>,
    /// Whether the ledger has none before the last of them.
    pub is_end: bool,
    /// The page shows only movements before this number; `None` for the first page.
    pub before: Option<u64>,
    /// The most rows of the page.
    pub size: usize,
}

/// Missing movements are shown when they are this old; until then the stream may bring them.
const SHOWN_AFTER: Duration = Duration::minutes(5);

/// Missing movements are not coming any more when they are this old: a stream keeps its records for
/// a day.
const LOST_AFTER: Duration = Duration::days(1);

impl LedgerEntry {
    /// The units in stock before it.
    fn available_before(&self) -> i64 {
        i64::from(self.available_after.get()) - self.movement.delta
    }
}

impl UnexplainedMovement {
    /// Returns what is missing between two movements; `None` if nothing is. Without an `older` one,
    /// the ledger has none before `newer`, and a stock begins with 0.
    fn between(newer: &LedgerEntry, older: Option<&LedgerEntry>) -> Option<Self> {
        let (number, available) =
            older.map_or((0, 0), |older| (older.number, i64::from(older.available_after.get())));
        let after = newer.available_before();
        (newer.number > number + 1).then(|| Self {
            first: number + 1,
            last: newer.number - 1,
            delta: after - available,
            available_after: Stock::new(u32::try_from(after).unwrap_or(0)),
            before: newer.movement.at,
        })
    }

    fn is_shown(&self, now: Timestamp) -> bool {
        self.before.plus(SHOWN_AFTER) <= now
    }

    /// Whether the stream can't bring the movements any more, so that a person has to look.
    pub fn is_lost(&self, now: Timestamp) -> bool {
        self.before.plus(LOST_AFTER) <= now
    }
}

impl LedgerRow {
    /// The number of its first movement: the rest of the list has lower ones.
    pub const fn number(&self) -> u64 {
        match self {
            Self::Entry(entry) => entry.number,
            Self::Unexplained(missing) => missing.first,
        }
    }
}

impl LedgerPage {
    /// Returns the rows of the page, and the number before which the next page begins; `None` at the
    /// end of the list. What is missing in the ledger is a row of its own, between its neighbours.
    pub fn rows(self, now: Timestamp) -> (Vec<LedgerRow>, Option<u64>) {
        let Self { entries, is_end, before, size } = self;
        let is_before = |number: u64| before.is_none_or(|before| number < before);
        let mut rows = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let older = entries.get(index + 1);
            if is_before(entry.number) {
                rows.push(LedgerRow::Entry(entry.clone()));
            }
            if older.is_none() && !is_end {
                break;
            }
            let missing = UnexplainedMovement::between(entry, older);
            let missing = missing.filter(|it| is_before(it.first) && it.is_shown(now));
            rows.extend(missing.map(LedgerRow::Unexplained));
        }
        let is_cut = rows.len() > size;
        rows.truncate(size);
        let next = rows.last().filter(|_| is_cut || !is_end).map(LedgerRow::number);
        (rows, next)
    }
}

impl fmt::Display for MovementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.product_id, self.sku, self.number)
    }
}

/// The error of parsing a text that does not identify a movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAMovement;

impl FromStr for MovementId {
    type Err = NotAMovement;

    fn from_str(text: &str) -> Result<Self, NotAMovement> {
        // A SKU may contain dots, the others do not.
        let (product_id, rest) = text.split_once('.').ok_or(NotAMovement)?;
        let (sku, number) = rest.rsplit_once('.').ok_or(NotAMovement)?;
        Ok(Self {
            product_id: product_id.parse().map_err(|_| NotAMovement)?,
            sku: sku.parse().map_err(|_| NotAMovement)?,
            number: number.parse().map_err(|_| NotAMovement)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::stock::MovementReason;

    const START: i64 = 1_767_225_600_000;

    /// The time a number of seconds after the first movement.
    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_millis(START + seconds * 1000)
    }

    /// A movement for each number; the stock after the one with number n is 10 n.
    fn entries(numbers: &[u64]) -> Vec<LedgerEntry> {
        let entry = |number: u64| LedgerEntry {
            number,
            available_after: Stock::new(number as u32 * 10),
            movement: Movement {
                delta: 10,
                reason: MovementReason::Adjustment,
                order_id: None,
                import_id: None,
                note: None,
                at: at(number as i64),
            },
        };
        numbers.iter().map(|number| entry(*number)).collect()
    }

    /// Shows rows by their numbers: `7`, or `4-6+30` for what is missing.
    fn shown(rows: &[LedgerRow]) -> String {
        let shown = |row: &LedgerRow| match row {
            LedgerRow::Entry(entry) => entry.number.to_string(),
            LedgerRow::Unexplained(it) => {
                assert_eq!(u64::from(it.available_after.get()), it.last * 10);
                format!("{}-{}{:+}", it.first, it.last, it.delta)
            }
        };
        rows.iter().map(shown).collect::<Vec<_>>().join(" ")
    }

    fn rows(numbers: &[u64], now: Timestamp) -> String {
        let entries = entries(numbers);
        let page = LedgerPage { entries, is_end: true, before: None, size: 100 };
        let (rows, next) = page.rows(now);
        assert_eq!(next, None);
        shown(&rows)
    }

    #[test]
    fn what_is_missing_follows_from_its_neighbours() {
        let late = at(10_000);
        assert_eq!(rows(&[3, 2, 1], late), "3 2 1");
        assert_eq!(rows(&[7, 3, 1], late), "7 4-6+30 3 2-2+10 1");
        assert_eq!(rows(&[3], late), "3 1-2+20", "a stock begins with 0");
        assert_eq!(rows(&[], late), "");
    }

    #[test]
    fn what_is_missing_shows_after_five_minutes_and_is_lost_after_a_day() {
        assert_eq!(rows(&[7, 3], at(7 + 299)), "7 3 1-2+20");
        assert_eq!(rows(&[7, 3], at(7 + 300)), "7 4-6+30 3 1-2+20");
        let entries = entries(&[7, 3]);
        let missing = UnexplainedMovement::between(&entries[0], Some(&entries[1])).unwrap();
        assert!(!missing.is_lost(at(7 + 24 * 3600 - 1)));
        assert!(missing.is_lost(at(7 + 24 * 3600)));
    }

    #[test]
    fn pages_of_any_size_have_the_rows_of_the_whole_list() {
        let late = at(10_000);
        let numbers = [20, 19, 15, 14, 13, 9, 8, 4, 2];
        let whole = rows(&numbers, late);
        for size in 1..12 {
            let (mut all, mut before) = (Vec::new(), None);
            loop {
                // As the store reads it: from the number before which the page begins, two more.
                let from = numbers.iter().filter(|it| before.is_none_or(|before| **it <= before));
                let read: Vec<_> = from.copied().take(size + 2).collect();
                let is_end = read.last() == numbers.last();
                let entries = entries(&read);
                let (rows, next) = LedgerPage { entries, is_end, before, size }.rows(late);
                assert!(rows.len() <= size);
                all.extend(rows);
                before = next;
                if before.is_none() {
                    break;
                }
            }
            assert_eq!(shown(&all), whole, "pages of {size}");
        }
    }

    #[test]
    fn an_identifier_reads_back_as_itself() {
        let product_id = ProductId::new(at(0));
        for sku in ["MUG", "A.1", "...", "a.b.c"] {
            let id = MovementId { product_id, sku: sku.parse().unwrap(), number: 17 };
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        for text in ["", "17", "prd_1.MUG.17", "MUG.17"] {
            assert_eq!(text.parse::<MovementId>(), Err(NotAMovement), "{text}");
        }
    }
}
