//! Lists of products and their facets, from the catalogue in memory.
//!
//! A cursor has the position of the last product: the value that the list is sorted by, and the
//! identifier. So a product that keeps its place is listed once, whatever others do meanwhile. It
//! also has the number of the log's last entry that the page showed: an instance that has not read
//! as far reads on first.

use super::catalogue;
use crate::catalogue::card::Card;
use crate::catalogue::memory::{Facets, Found};
use crate::catalogue::query::{Filters, Position, Sort, SortValue};
use crate::context::Ctx;
use crate::crypto::cursor;
use crate::domain::error::{Error, Result};
use crate::domain::page::{Page, Paging, Start};

/// Where a page begins.
#[derive(Debug, PartialEq, Eq)]
struct After {
    position: Position,
    /// The last entry of the log that the page before shows.
    number: u64,
}

/// Returns a page of the products that match the filters. 400 `invalid_cursor` for a cursor of
/// another list.
pub async fn page(ctx: &Ctx, filters: &Filters, sort: Sort, paging: &Paging) -> Result<Page<Card>> {
    let part = paging.part()?;
    let size = part.size.get() as usize;
    let list = format!("{filters:?} {sort:?}");
    let (after, skip) = match part.start {
        Start::First => (None, 0),
        Start::After(cursor) => {
            let position = cursor::read(&list, &cursor)?;
            (Some(After::parse(&position).ok_or_else(Error::invalid_cursor)?), 0)
        }
        Start::Skip(items) => (None, items as usize),
    };
    let (position, least) = match &after {
        Some(After { position, number }) => (Some(position), *number),
        None => (None, 0),
    };
    let (found, number) = catalogue::read(ctx, least, |catalogue| {
        (catalogue.page(filters, sort, position, skip, size), catalogue.number())
    })
    .await?;
    let Found { cards, positions, has_more } = found?;
    let cursor = |position| cursor::write(&list, &After { position, number }.text());
    let cursors: Vec<_> = positions.into_iter().map(cursor).collect();
    let next = cursors.last().filter(|_| has_more).cloned();
    Ok(Page { items: cards, cursors, next })
}

/// Counts the products that match the filters.
pub async fn facets(ctx: &Ctx, filters: &Filters) -> Result<Facets> {
    catalogue::read(ctx, 0, |catalogue| catalogue.facets(filters)).await
}

impl After {
    /// Returns the text in a cursor: the number of the log, the identifier, and the value, which is `n`
    /// and a number or `t` and a text.
    fn text(&self) -> String {
        let Self { position: Position { value, id }, number } = self;
        match value {
            SortValue::Number(value) => format!("{number} {id} n{value}"),
            SortValue::Name(name) => format!("{number} {id} t{name}"),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ' ');
        let (number, id, value) = (parts.next()?, parts.next()?, parts.next()?);
        let value = match value.split_at_checked(1)? {
            ("n", number) => SortValue::Number(number.parse().ok()?),
            ("t", name) => SortValue::Name(name.to_owned()),
            _ => return None,
        };
        let position = Position { value, id: id.parse().ok()? };
        Some(Self { position, number: number.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ProductId;
    use crate::domain::time::Timestamp;

    #[test]
    fn a_position_is_read_as_it_was_written() {
        let id = ProductId::new(Timestamp::from_unix_millis(1));
        for value in [
            SortValue::Number(-7),
            SortValue::Name("a mug: 2 of 3".to_owned()),
            SortValue::Name(String::new()),
        ] {
            let after = After { position: Position { value, id }, number: 42 };
            assert_eq!(After::parse(&after.text()), Some(after));
        }
        for bad in ["", "1", "1 prd_1 n1", &format!("1 {id} x1"), &format!("x {id} n1")] {
            assert_eq!(After::parse(bad), None, "{bad}");
        }
    }
}
