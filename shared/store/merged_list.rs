//! Lists of items that are spread over several partitions of an index, as one list in the order of
//! their sort keys.
//!
//! All partitions are queried at once, and their items are merged. A query that stops before its end
//! says nothing about what comes after its last item. So a page ends at the first position at which
//! such a query stopped: of the items up to there, none is missing. That position is the cursor of
//! the next page, also of a page that has no items because of the filter.

use futures_util::future::try_join_all;
use serde::de::DeserializeOwned;

use super::item::{Item, from_item, text_of};
use super::list::{Order, Query};
use super::table::Store;
use crate::crypto::cursor;
use crate::domain::error::{Error, Result};
use crate::domain::page::{Page, Paging, Start};

/// The fewest items that a query with a filter reads at once.
const READ_AT_ONCE: usize = 100;

impl Store {
    /// Returns one page of a list, which is in a partition of `query` for each of `partitions`. A
    /// page may have fewer items than asked for although more follow.
    pub(super) async fn list_merged<T: DeserializeOwned>(
        &self,
        query: &Query,
        partitions: Vec<String>,
        paging: &Paging,
    ) -> Result<Page<T>> {
        let description = query.description();
        let part = paging.part()?;
        let size = part.size.get() as usize;
        let after = match part.start {
            Start::First => None,
            Start::After(cursor) => Some(cursor::read(&description, &cursor)?),
            Start::Skip(_) => return Err(Error::internal("a merged list has no numbered pages")),
        };
        let wanted = share(size, partitions.len());
        let wanted = if query.filter.is_some() { wanted.max(READ_AT_ONCE) } else { wanted };
        let queries = partitions.into_iter().map(|partition| {
            let (query, after) = (Query { partition, ..query.clone() }, after.as_deref());
            async move { self.query(&query, after, wanted).await }
        });

        let sort = query.index.sort;
        let mut stop: Option<String> = None;
        let mut found: Vec<(String, Item)> = Vec::new();
        for part in try_join_all(queries).await? {
            stop =
                [stop, part.end].into_iter().flatten().reduce(|a, b| first_of(query.order, a, b));
            let position = |item: Item| (text_of(&item, sort).unwrap_or_default(), item);
            found.extend(part.items.into_iter().map(position));
        }
        found.sort_unstable_by(|(a, _), (b, _)| match query.order {
            Order::Ascending => a.cmp(b),
            Order::Descending => b.cmp(a),
        });
        if let Some(stop) = &stop {
            found.retain(|(position, _)| first_of(query.order, position, stop) == position);
        }
        if found.len() > size {
            found.truncate(size);
            stop = found.last().map(|(position, _)| position.clone());
        }

        let write = |position: &String| cursor::write(&description, position);
        Ok(Page {
            cursors: found.iter().map(|(position, _)| write(position)).collect(),
            next: stop.as_ref().map(write),
            items: found.into_iter().map(|(_, item)| from_item(item)).collect::<Result<_>>()?,
        })
    }
}

/// Returns which of two positions comes first in an order.
fn first_of<T: PartialOrd>(order: Order, a: T, b: T) -> T {
    if (a <= b) == (order == Order::Ascending) { a } else { b }
}

/// The fewest partitions over which a list is spread at random. Of two, one may have all items.
const SPREAD: usize = 8;

/// Returns how many items to read of each partition, so that a page of this size is nearly always
/// full: of many partitions the expected number and three standard deviations, both rounded up.
fn share(size: usize, partitions: usize) -> usize {
    if partitions < SPREAD {
        return size;
    }
    let expected = size.div_ceil(partitions);
    let root = (1..).find(|root| root * root >= expected).unwrap_or(expected);
    size.min(expected + 3 * root)
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn a_page_reads_its_share_of_many_partitions_and_all_of_few() {
        let shares = [1, 10, 20, 50, 100].map(|size| share(size, 8));
        assert_eq!(shares, [1, 8, 9, 16, 25]);
        assert_eq!([share(20, 1), share(100, 2)], [20, 100]);
    }
}
