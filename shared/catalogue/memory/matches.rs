//! Which products of a segment match a request.

use std::collections::BTreeSet;

use super::super::query::{Filters, QueryWords};
use super::super::relevance;
use super::super::segment::{Member, SearchWord, Segment, key_of};
use super::super::words::Field;
use super::{Catalogue, Loaded};
use crate::domain::slug::Slug;

/// The filters that have a facet of their own, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Faceted {
    Category = 1,
    Brand = 2,
    Size = 4,
    Price = 8,
    Rating = 16,
    InStock = 32,
}

/// A request, prepared for all segments. Of a member with a filter it has for each value, by number,
/// whether it is wanted.
#[derive(Debug)]
pub(super) struct Request<'q> {
    filters: &'q Filters,
    words: QueryWords,
    category: Option<Vec<bool>>,
    brand: Option<Vec<bool>>,
    size: Option<Vec<bool>>,
    tags: Vec<Vec<bool>>,
}

/// The products of a segment that match everything but the filters with facets: for each product,
/// its score, which is 0 where the request has no words; `None` if it does not match.
#[derive(Debug)]
pub(super) struct Matches(Vec<Option<u16>>);

impl<'q> Request<'q> {
    pub fn new(catalogue: &Catalogue, filters: &'q Filters) -> Self {
        let of = |member| catalogue.values.of(member);
        let category = filters.category.as_ref().map(|slug| catalogue.with_descendants(slug));
        let with_key = |member, value: &String| of(member).with_key(&key_of(value));
        Self {
            filters,
            words: QueryWords::of(filters, &catalogue.analyzer),
            category: category.map(|slugs| of(Member::Category).among(&slugs)),
            brand: filters.brand.as_ref().map(|brand| with_key(Member::Brand, brand)),
            size: filters.size.as_ref().map(|size| with_key(Member::Size, size)),
            tags: filters.tags.iter().map(|tag| with_key(Member::Tag, tag)).collect(),
        }
    }

    /// Finds the products of a segment that match.
    pub fn matches(&self, loaded: &Loaded) -> Matches {
        let segment = &loaded.segment;
        let is_match = |(product, is_current): (usize, &bool)| {
            *is_current && segment.status(product) == self.filters.status
        };
        let scores = loaded.is_current.iter().enumerate();
        let mut scores: Vec<_> = scores.map(|it| is_match(it).then_some(0)).collect();
        self.match_name(segment, &mut scores);
        self.match_search(segment, &mut scores);
        if !self.tags.is_empty() {
            let has_tags =
                |product| self.tags.iter().all(|tag| loaded.has(product, Member::Tag, tag));
            for (product, score) in scores.iter_mut().enumerate() {
                *score = score.filter(|_| has_tags(product));
            }
        }
        Matches(scores)
    }

    /// Returns the filters with facets that a product does not match, as the bits of [`Faceted`].
    pub fn unmatched(&self, loaded: &Loaded, product: usize) -> u8 {
        let (segment, filters) = (&loaded.segment, self.filters);
        let has = |member, wanted: &Option<Vec<bool>>| {
            wanted.as_ref().is_none_or(|wanted| loaded.has(product, member, wanted))
        };
        let price = segment.price(product);
        let has_price = filters.min_price.is_none_or(|min| price >= min)
            && filters.max_price.is_none_or(|max| price <= max);
        let has_rating = filters.min_rating.is_none_or(|min| segment.rating(product) >= min);
        let is_in_stock = segment.is_in_stock(product);
        let has_stock = filters.in_stock.is_none_or(|wanted| wanted == is_in_stock);
        let bit = |is_match: bool, filter: Faceted| if is_match { 0 } else { filter as u8 };
        bit(has(Member::Category, &self.category), Faceted::Category)
            | bit(has(Member::Brand, &self.brand), Faceted::Brand)
            | bit(has(Member::Size, &self.size), Faceted::Size)
            | bit(has_price, Faceted::Price)
            | bit(has_rating, Faceted::Rating)
            | bit(has_stock, Faceted::InStock)
    }

    /// Each word must be the beginning of a word of the name.
    fn match_name(&self, segment: &Segment, scores: &mut [Option<u16>]) {
        let Some(words) = &self.words.name else { return };
        if words.is_empty() {
            scores.fill(None);
        }
        for token in words {
            let wanted = SearchWord { word: &token.word, stem: None, is_prefix: true };
            let mut is_found = vec![false; scores.len()];
            segment.search(wanted, |product, _, fields| {
                if let Some(is_found) = is_found.get_mut(product) {
                    *is_found |= fields.contains(Field::Name);
                }
            });
            for (score, is_found) in scores.iter_mut().zip(is_found) {
                *score = score.filter(|_| is_found);
            }
        }
    }

    /// Each word must be one of the product's or have the same stem; the last one may also be the
    /// beginning of one.
    fn match_search(&self, segment: &Segment, scores: &mut [Option<u16>]) {
        let Some(words) = &self.words.search else { return };
        if words.is_empty() {
            scores.fill(None);
        }
        for (index, token) in words.iter().enumerate() {
            let is_prefix = index + 1 == words.len();
            let wanted = SearchWord { word: &token.word, stem: Some(&token.stem), is_prefix };
            let mut best = vec![0_u8; scores.len()];
            segment.search(wanted, |product, how, fields| {
                if let Some(best) = best.get_mut(product) {
                    *best = relevance::score(how, fields).max(*best);
                }
            });
            for (score, best) in scores.iter_mut().zip(best) {
                *score = score.filter(|_| best > 0).map(|score| score.saturating_add(best.into()));
            }
        }
    }
}

impl Matches {
    /// Returns the products that match everything but perhaps the filters with facets, with their
    /// scores.
    pub fn products(&self) -> impl Iterator<Item = (usize, u16)> {
        self.0.iter().enumerate().filter_map(|(product, score)| Some((product, (*score)?)))
    }
}

impl Catalogue {
    /// Returns a category and all below it.
    fn with_descendants<'c>(&'c self, slug: &'c Slug) -> BTreeSet<&'c str> {
        let mut found = BTreeSet::from([slug.as_str()]);
        loop {
            let before = found.len();
            for (slug, parent) in &self.parents {
                if parent.as_ref().is_some_and(|parent| found.contains(parent.as_str())) {
                    found.insert(slug.as_str());
                }
            }
            if found.len() == before {
                return found;
            }
        }
    }
}
