//! Facets: how many of the products that match have each value.
//!
//! A facet is counted without its own filter, so that it shows what another choice would find; but
//! the tags with theirs, because a product must have all of them.

use std::collections::BTreeMap;

use super::super::query::Filters;
use super::super::segment::Member;
use super::Catalogue;
use super::matches::{Faceted, Request};
use super::values::ValueIndex;
use crate::domain::slug::Slug;

/// The most values of a facet.
const MAX_VALUES: usize = 50;

/// The most ranges of prices.
const MAX_RANGES: usize = 8;

/// The number of products with each value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facets {
    /// The number of products that match all filters.
    pub total: u32,
    /// Categories, by their slugs, each with the products of those below it.
    pub categories: Vec<Count>,
    /// Brands.
    pub brands: Vec<Count>,
    /// Sizes.
    pub sizes: Vec<Count>,
    /// Tags.
    pub tags: Vec<Count>,
    /// Ranges of the lowest price, from the cheapest on.
    pub prices: Vec<PriceRange>,
    /// Products that are rated at least so well, from the best on.
    pub ratings: Vec<RatingCount>,
    /// Products in stock.
    pub in_stock: u32,
    /// Products that are not in stock.
    pub out_of_stock: u32,
}

/// A value and how many products have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The value, in the spelling that most of the products have.
    pub value: String,
    /// How many products have it.
    pub count: u32,
}

/// The products whose lowest price is in a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceRange {
    /// The lowest price of the range, in minor units.
    pub min: i64,
    /// The lowest price above the range.
    pub max: i64,
    /// How many there are.
    pub count: u32,
}

/// The products whose ratings have at least this average.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RatingCount {
    /// The average, from 1 to 4.
    pub min: u8,
    /// How many there are.
    pub count: u32,
}

/// The number of products with each value of a member.
#[derive(Debug)]
struct Counts<'c> {
    values: &'c ValueIndex,
    /// By the numbers of the values.
    of_value: Vec<u32>,
    /// By the numbers of the groups of values that differ only in case.
    of_group: Vec<OfGroup>,
    /// How many products were counted.
    products: u32,
}

/// The number of products that have a value of a group.
#[derive(Debug, Clone, Copy, Default)]
struct OfGroup {
    count: u32,
    /// The last one of them, as a number from 1 on.
    last: u32,
}

impl Catalogue {
    /// Counts the products that match.
    pub fn facets(&self, filters: &Filters) -> Facets {
        let request = Request::new(self, filters);
        let [mut categories, mut brands, mut sizes, mut tags] =
            [Member::Category, Member::Brand, Member::Size, Member::Tag]
                .map(|member| Counts::new(self.values.of(member)));
        let mut prices = [0; BOUNDS.len()];
        let mut facets = Facets::default();
        let mut ratings = [0; 4];
        for loaded in &self.segments {
            let segment = &loaded.segment;
            for (product, _) in request.matches(loaded).products() {
                let unmatched = request.unmatched(loaded, product);
                let counts_for = |filter: Faceted| unmatched & !(filter as u8) == 0;
                facets.total += u32::from(unmatched == 0);
                if counts_for(Faceted::Category) {
                    categories.add(loaded.values(product, Member::Category));
                }
                if counts_for(Faceted::Brand) {
                    brands.add(loaded.values(product, Member::Brand));
                }
                if counts_for(Faceted::Size) {
                    sizes.add(loaded.values(product, Member::Size));
                }
                if unmatched == 0 {
                    tags.add(loaded.values(product, Member::Tag));
                }
                if counts_for(Faceted::Price) {
                    prices[range_of(segment.price(product))] += 1;
                }
                if counts_for(Faceted::Rating) {
                    let rating = segment.rating(product);
                    for (stars, count) in (1_u16..).zip(&mut ratings) {
                        *count += u32::from(rating >= stars * 100);
                    }
                }
                if counts_for(Faceted::InStock) {
                    match segment.is_in_stock(product) {
                        true => facets.in_stock += 1,
                        false => facets.out_of_stock += 1,
                    }
                }
            }
        }
        let ratings = (1..=4).zip(ratings).rev().filter(|(_, count)| *count > 0);
        Facets {
            categories: self.with_categories_above(categories),
            brands: brands.most(),
            sizes: sizes.most(),
            tags: tags.most(),
            prices: ranges(&prices),
            ratings: ratings.map(|(min, count)| RatingCount { min, count }).collect(),
            ..facets
        }
    }

    /// Returns the categories that most products have, each with the products of those below it.
    fn with_categories_above(&self, counts: Counts<'_>) -> Vec<Count> {
        let mut categories: BTreeMap<String, u32> = BTreeMap::new();
        for Count { value, count } in counts.all() {
            let mut above = Slug::parse(value.clone()).ok();
            *categories.entry(value).or_default() += count;
            let mut seen = Vec::from_iter(above.clone());
            loop {
                above = above.and_then(|slug| self.parents.get(&slug).cloned().flatten());
                // An entry of the log may have one of two categories that were moved, and so show a
                // cycle that never was.
                let Some(slug) = above.as_ref().filter(|slug| !seen.contains(slug)) else { break };
                *categories.entry(slug.as_str().to_owned()).or_default() += count;
                seen.push(slug.clone());
            }
        }
        most(categories.into_iter().map(|(value, count)| Count { value, count }).collect())
    }
}

impl<'c> Counts<'c> {
    fn new(values: &'c ValueIndex) -> Self {
        let of_value = vec![0; values.values().len()];
        let of_group = vec![OfGroup::default(); values.groups()];
        Self { values, of_value, of_group, products: 0 }
    }

    /// Counts a product for each of its values, and once for each of their groups.
    fn add(&mut self, numbers: impl Iterator<Item = u32>) {
        self.products += 1;
        for number in numbers {
            let number = number as usize;
            let (Some(group), Some(count)) =
                (self.values.group_of().get(number), self.of_value.get_mut(number))
            else {
                continue;
            };
            *count += 1;
            let of_group = &mut self.of_group[*group as usize];
            of_group.count += u32::from(of_group.last != self.products);
            of_group.last = self.products;
        }
    }

    /// Returns a value of each group that products have: the one with the most products, of equal
    /// ones the first.
    fn all(&self) -> Vec<Count> {
        let mut best: Vec<Option<(u32, &str)>> = vec![None; self.of_group.len()];
        let values = self.values.values().iter().zip(self.values.group_of());
        for ((value, group), count) in values.zip(&self.of_value) {
            let best = &mut best[*group as usize];
            let is_better = best.is_none_or(|(most, first)| {
                *count > most || *count == most && value.as_str() < first
            });
            if *count > 0 && is_better {
                *best = Some((*count, value));
            }
        }
        let counts = best.into_iter().zip(&self.of_group).filter_map(|(best, of_group)| {
            best.map(|(_, value)| Count { value: value.to_owned(), count: of_group.count })
        });
        counts.collect()
    }

    /// Returns the values that most products have.
    fn most(&self) -> Vec<Count> {
        most(self.all())
    }
}

/// Returns those with the most products, of equal ones the first.
fn most(mut values: Vec<Count>) -> Vec<Count> {
    values.sort_unstable_by(|one, other| {
        other.count.cmp(&one.count).then_with(|| one.value.cmp(&other.value))
    });
    values.truncate(MAX_VALUES);
    values
}

/// The bounds of the ranges of prices: 0, and 1, 2 and 5 times each power of ten, up to the highest
/// price.
const BOUNDS: [i64; 38] = bounds();

const fn bounds() -> [i64; 38] {
    let mut bounds = [0; 38];
    let (mut index, mut power) = (1, 1);
    while index < 37 {
        bounds[index] = power;
        bounds[index + 1] = 2 * power;
        bounds[index + 2] = 5 * power;
        index += 3;
        power *= 10;
    }
    bounds[37] = power;
    bounds
}

/// Returns the number of the range that a price is in.
fn range_of(price: i64) -> usize {
    BOUNDS.partition_point(|bound| *bound <= price).saturating_sub(1)
}

/// Returns the ranges with products: between all bounds, or if these are too many, between the powers
/// of ten, and if these still are, with all below the last ones in one.
fn ranges(counts: &[u32; BOUNDS.len()]) -> Vec<PriceRange> {
    let of_steps = |steps: &[usize]| {
        let mut ranges: Vec<PriceRange> = Vec::new();
        for (index, start) in steps.iter().enumerate() {
            let end = steps.get(index + 1).copied().unwrap_or(BOUNDS.len());
            let count = counts[*start..end].iter().sum();
            if count > 0 {
                let max = BOUNDS.get(end).copied().unwrap_or(i64::MAX);
                ranges.push(PriceRange { min: BOUNDS[*start], max, count });
            }
        }
        ranges
    };
    let all: Vec<_> = (0..BOUNDS.len()).collect();
    let powers: Vec<_> = (0..1).chain((1..BOUNDS.len()).step_by(3)).collect();
    let fine = of_steps(&all);
    if fine.len() <= MAX_RANGES {
        return fine;
    }
    let mut ranges = of_steps(&powers);
    while let [first, second, ..] = ranges.as_slice()
        && ranges.len() > MAX_RANGES
    {
        let count = first.count + second.count;
        let merged = PriceRange { min: first.min, max: second.max, count };
        ranges.splice(..2, [merged]);
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Money;

    fn ranges_of(prices: impl IntoIterator<Item = i64>) -> Vec<(i64, i64, u32)> {
        let mut counts = [0; BOUNDS.len()];
        prices.into_iter().for_each(|price| counts[range_of(price)] += 1);
        ranges(&counts).into_iter().map(|range| (range.min, range.max, range.count)).collect()
    }

    #[test]
    fn prices_are_counted_between_bounds_that_begin_with_1_2_or_5() {
        assert_eq!(
            ranges_of([0, 999, 1_000, 1_999, 2_000, 4_999, 5_000]),
            [(0, 1, 1), (500, 1_000, 1), (1_000, 2_000, 2), (2_000, 5_000, 2), (5_000, 10_000, 1)]
        );
        assert_eq!(ranges_of([Money::MAX]), [(Money::MAX, 2 * Money::MAX, 1)]);
        assert_eq!(ranges_of([]), []);
    }

    #[test]
    fn more_than_8_ranges_become_wider() {
        let powers = || (0..9).map(|power| 10_i64.pow(power));
        let ranges = ranges_of(powers().flat_map(|power| [power, 2 * power, 5 * power]));
        assert_eq!(ranges.len(), MAX_RANGES);
        assert_eq!(ranges[0], (1, 100, 6));
        assert_eq!(ranges[7], (100_000_000, 1_000_000_000, 3));
        let with_highest = ranges_of(powers().chain([Money::MAX]));
        assert_eq!(with_highest.last(), Some(&(Money::MAX, 10 * Money::MAX, 1)));
    }
}
