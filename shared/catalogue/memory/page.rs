//! Pages of lists.

use std::cmp::Ordering;

use super::super::card::Card;
use super::super::query::{Filters, Key, KeyValue, Position, Sort, SortBy};
use super::super::segment::Segment;
use super::Catalogue;
use super::matches::Request;
use crate::domain::error::Result;

/// A part of a list.
#[derive(Debug)]
pub struct Found {
    /// Its products.
    pub cards: Vec<Card>,
    /// The position of each.
    pub positions: Vec<Position>,
    /// Whether the list goes on after it.
    pub has_more: bool,
}

/// A product that matches.
#[derive(Debug, Clone, Copy)]
struct Candidate<'a> {
    key: Key<'a>,
    segment: usize,
    product: usize,
}

/// The first candidates in an order.
struct First<'a> {
    limit: usize,
    is_descending: bool,
    found: Vec<Candidate<'a>>,
    /// The last of the first ones so far: what comes after it is not among them.
    last: Option<Key<'a>>,
}

impl Catalogue {
    /// Returns the products that match, in their order: at most `size`, from the first one after the
    /// position `after` on, without the first `skip` of these.
    pub fn page(
        &self,
        filters: &Filters,
        sort: Sort,
        after: Option<&Position>,
        skip: usize,
        size: usize,
    ) -> Result<Found> {
        let request = Request::new(self, filters);
        let after = after.map(Position::key);
        let mut first = First::new(skip + size + 1, sort.is_descending);
        for (index, loaded) in self.segments.iter().enumerate() {
            let segment = &loaded.segment;
            let matches = request.matches(loaded);
            for (product, score) in matches.products() {
                if request.unmatched(loaded, product) != 0 {
                    continue;
                }
                let key =
                    Key { value: value(segment, product, sort.by, score), id: segment.id(product) };
                if after.is_none_or(|after| first.order(&after, &key) == Ordering::Less) {
                    first.offer(Candidate { key, segment: index, product });
                }
            }
        }
        let mut found = first.finish();
        let has_more = found.len() > skip + size;
        found.truncate(skip + size);
        let found = found.into_iter().skip(skip);
        let (mut cards, mut positions) = (Vec::new(), Vec::new());
        for Candidate { key, segment, product } in found {
            cards.push(self.segments[segment].segment.card(product)?);
            positions.push(Position::from(key));
        }
        Ok(Found { cards, positions, has_more })
    }
}

fn value(segment: &Segment, product: usize, by: SortBy, score: u16) -> KeyValue<'_> {
    match by {
        SortBy::Relevance => KeyValue::Number(score.into()),
        SortBy::CreatedAt => KeyValue::Number(segment.created_at(product)),
        SortBy::Price => KeyValue::Number(segment.price(product)),
        SortBy::Name => KeyValue::Name(segment.name(product)),
        SortBy::Rating => KeyValue::Number(segment.rating(product).into()),
    }
}

impl<'a> First<'a> {
    fn new(limit: usize, is_descending: bool) -> Self {
        Self { limit, is_descending, found: Vec::with_capacity(limit * 2), last: None }
    }

    fn order(&self, one: &Key<'_>, other: &Key<'_>) -> Ordering {
        if self.is_descending { other.cmp(one) } else { one.cmp(other) }
    }

    fn offer(&mut self, candidate: Candidate<'a>) {
        if self.last.is_some_and(|last| self.order(&candidate.key, &last) == Ordering::Greater) {
            return;
        }
        self.found.push(candidate);
        if self.found.len() >= self.limit * 2 {
            self.cut();
        }
    }

    /// Leaves only the first ones, in no order.
    fn cut(&mut self) {
        if self.found.len() <= self.limit {
            return;
        }
        let is_descending = self.is_descending;
        self.found.select_nth_unstable_by(self.limit - 1, |one, other| {
            if is_descending { other.key.cmp(&one.key) } else { one.key.cmp(&other.key) }
        });
        self.found.truncate(self.limit);
        self.last = self.found.last().map(|candidate| candidate.key);
    }

    fn finish(mut self) -> Vec<Candidate<'a>> {
        self.cut();
        let mut found = std::mem::take(&mut self.found);
        found.sort_unstable_by(|one, other| self.order(&one.key, &other.key));
        found
    }
}
