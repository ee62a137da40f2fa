//! The catalogue in the memory of a function: the segments that a compaction wrote, and small ones
//! of what changed since, from the catalogue's log.

mod facets;
mod matches;
mod page;
mod values;

use std::collections::BTreeMap;

pub use self::facets::{Count, Facets, PriceRange, RatingCount};
pub use self::page::Found;
use self::values::{ValueIndexes, ValueNumbers};
use super::log::{CategoryChange, Entry, ListedProduct, ProductChange};
use super::segment::{MAX_PRODUCTS, Member, OpenSegment, Segment, SegmentBuilder, StoredSegment};
use super::words::Analyzer;
use crate::domain::error::Result;
use crate::domain::ids::ProductId;
use crate::domain::search_language::SearchLanguage;
use crate::domain::slug::Slug;

/// All products and categories, as of an entry of the log.
#[derive(Debug)]
pub struct Catalogue {
    language: SearchLanguage,
    analyzer: Analyzer,
    /// The category that each category is part of.
    parents: BTreeMap<Slug, Option<Slug>>,
    /// First those of the last compaction, in the order of their products; then those of the log,
    /// from the oldest to the newest.
    segments: Vec<Loaded>,
    /// The values of all segments.
    values: ValueIndexes,
    /// How many of the segments are of the last compaction.
    compacted: usize,
    /// The number of the last entry of the log that is in it.
    number: u64,
    /// False while entries are applied, and for good after an error or a panic in that.
    is_whole: bool,
}

/// A segment, and which of its products it still says the last of.
#[derive(Debug)]
struct Loaded {
    segment: Segment,
    values: ValueNumbers,
    is_current: Vec<bool>,
    /// How many are.
    current: usize,
}

/// An entry of the log is missing between the last one that the catalogue has and this one: it is in
/// a segment, and was deleted since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingEntry;

impl Catalogue {
    /// Creates a catalogue of segments, which are sorted by their products, as of the entry `number`
    /// of the log.
    pub fn new(
        language: SearchLanguage,
        parents: BTreeMap<Slug, Option<Slug>>,
        segments: Vec<Segment>,
        number: u64,
    ) -> Self {
        let mut values = ValueIndexes::default();
        let segments = segments.into_iter().map(|segment| Loaded::new(segment, &mut values));
        let segments: Vec<_> = segments.collect();
        let (analyzer, compacted) = (Analyzer::new(language), segments.len());
        Self { language, analyzer, parents, segments, values, compacted, number, is_whole: true }
    }

    /// Returns the number of the last entry of the log that is in it.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether it has all changes of the entries up to its number. It has not after a call of
    /// [`Self::apply`] that ended in an error or a panic, and can't be used any more.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Returns the language of its stems.
    pub fn language(&self) -> SearchLanguage {
        self.language
    }

    /// Returns the category that each category is part of.
    pub fn parents(&self) -> &BTreeMap<Slug, Option<Slug>> {
        &self.parents
    }

    /// Returns the number of its products, those that are not active included.
    pub fn len(&self) -> usize {
        self.segments.iter().map(|loaded| loaded.current).sum()
    }

    /// Whether it has no products.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of its segments.
    pub fn segments(&self) -> usize {
        self.segments.len()
    }

    /// Returns the bytes that its products take in memory.
    pub fn memory(&self) -> usize {
        let of = |Loaded { segment, values, is_current, .. }: &Loaded| {
            segment.memory() + values.memory() + is_current.capacity()
        };
        self.segments.iter().map(of).sum()
    }

    /// Returns the identifiers of its products.
    pub fn ids(&self) -> impl Iterator<Item = ProductId> {
        self.segments.iter().flat_map(|loaded| {
            let id = |product| uuid::Uuid::from_u128(loaded.segment.id(product));
            loaded.products().map(move |product| ProductId::from_uuid(id(product)))
        })
    }

    /// Applies the next entries of the log. Those that are in the catalogue already are skipped; an
    /// error if one is missing before one of them.
    pub fn apply(&mut self, entries: Vec<Entry>) -> Result<std::result::Result<(), MissingEntry>> {
        self.is_whole = false;
        let applied = self.apply_in_order(entries)?;
        self.is_whole = true;
        Ok(applied)
    }

    fn apply_in_order(
        &mut self,
        entries: Vec<Entry>,
    ) -> Result<std::result::Result<(), MissingEntry>> {
        let mut changed = BTreeMap::new();
        for entry in entries {
            if entry.number <= self.number {
                continue;
            }
            if entry.number != self.number + 1 {
                self.put(changed)?;
                return Ok(Err(MissingEntry));
            }
            self.number = entry.number;
            let has_same_stems = entry.language == self.language;
            for ProductChange { id, mut product } in entry.changes.products {
                if let Some(product) = product.as_mut().filter(|_| !has_same_stems) {
                    product.words = std::mem::take(&mut product.words).stemmed(&self.analyzer);
                }
                changed.insert(id, product);
            }
            for CategoryChange { slug, category } in entry.changes.categories {
                match category {
                    Some(category) => self.parents.insert(slug, category.parent),
                    None => self.parents.remove(&slug),
                };
            }
        }
        self.put(changed)?;
        Ok(Ok(()))
    }

    /// Returns the segments that a compaction writes: all products, sorted by identifier, with stems
    /// of this language.
    pub fn compact(&self, language: SearchLanguage) -> Result<Vec<StoredSegment>> {
        let analyzer = (language != self.language).then(|| Analyzer::new(language));
        let recent: Vec<_> = self.segments[self.compacted..]
            .iter()
            .map(|loaded| (loaded, OpenSegment::new(&loaded.segment)))
            .collect();
        let mut changed: Vec<_> = recent
            .iter()
            .flat_map(|(loaded, open)| {
                loaded.products().map(move |product| (loaded.segment.id(product), open, product))
            })
            .collect();
        changed.sort_unstable_by_key(|(id, ..)| *id);
        let mut changed = changed.into_iter().peekable();

        let (mut builder, mut compacted) = (SegmentBuilder::default(), Vec::new());
        let mut add = |open: &OpenSegment<'_>, product: usize| -> Result<()> {
            match &analyzer {
                None => open.add_to(&mut builder, product)?,
                Some(analyzer) => {
                    let mut listed = open.product(product)?;
                    listed.words = listed.words.stemmed(analyzer);
                    builder.add(&listed);
                }
            }
            if builder.is_full() {
                for segment in std::mem::take(&mut builder).finish()? {
                    compacted.extend(StoredSegment::all_of(segment)?);
                }
            }
            Ok(())
        };
        for loaded in &self.segments[..self.compacted] {
            let open = OpenSegment::new(&loaded.segment);
            for product in loaded.products() {
                let id = loaded.segment.id(product);
                while let Some((_, open, product)) = changed.next_if(|(changed, ..)| *changed < id)
                {
                    add(open, product)?;
                }
                add(&open, product)?;
            }
        }
        for (_, open, product) in changed {
            add(open, product)?;
        }
        for segment in builder.finish()? {
            compacted.extend(StoredSegment::all_of(segment)?);
        }
        Ok(compacted)
    }

    /// Puts products in the place of what the catalogue has of them.
    fn put(&mut self, changed: BTreeMap<ProductId, Option<ListedProduct>>) -> Result<()> {
        for id in changed.keys() {
            self.remove(*id);
        }
        let mut builder = SegmentBuilder::default();
        for product in changed.values().flatten() {
            builder.add(product);
            if builder.is_full() {
                self.push(std::mem::take(&mut builder).finish()?)?;
            }
        }
        self.push(builder.finish()?)
    }

    /// Removes a product, which is in one segment at most.
    fn remove(&mut self, id: ProductId) {
        for loaded in self.segments.iter_mut().rev() {
            if loaded.remove(id) {
                return;
            }
        }
    }

    /// Adds segments of changed products. Small ones are merged, each with one that is at most twice
    /// as large, so that there are few however many changes come one by one, and a product is merged
    /// about as often as the number of products in a segment can be halved.
    fn push(&mut self, segments: Vec<Segment>) -> Result<()> {
        self.load(segments);
        // What was removed since takes memory only.
        let mut index = self.compacted;
        while index < self.segments.len() {
            if self.segments[index].current == 0 {
                self.segments.remove(index);
            } else {
                index += 1;
            }
        }
        while let [.., before, last] = &self.segments[self.compacted..] {
            let together = before.current + last.current;
            if before.current > last.current * 2 || together > MAX_PRODUCTS {
                return Ok(());
            }
            let merged = merge(before, last)?;
            // One whose products have too many bytes together stays two.
            if merged.len() > 1 {
                return Ok(());
            }
            self.segments.truncate(self.segments.len() - 2);
            self.load(merged);
        }
        Ok(())
    }

    fn load(&mut self, segments: Vec<Segment>) {
        let loaded = segments.into_iter().map(|segment| Loaded::new(segment, &mut self.values));
        self.segments.extend(loaded);
    }
}

/// Returns the segments of the products of two.
fn merge(one: &Loaded, other: &Loaded) -> Result<Vec<Segment>> {
    let open = [one, other].map(|loaded| OpenSegment::new(&loaded.segment));
    let mut products: Vec<_> = [one, other]
        .iter()
        .zip(&open)
        .flat_map(|(loaded, open)| {
            loaded.products().map(move |product| (loaded.segment.id(product), open, product))
        })
        .collect();
    products.sort_unstable_by_key(|(id, ..)| *id);
    let mut builder = SegmentBuilder::default();
    for (_, open, product) in products {
        open.add_to(&mut builder, product)?;
    }
    builder.finish()
}

impl Loaded {
    fn new(segment: Segment, values: &mut ValueIndexes) -> Self {
        let current = segment.len();
        Self { values: values.add(&segment), is_current: vec![true; current], current, segment }
    }

    /// Returns the numbers of a product's values of a member.
    fn values(&self, product: usize, member: Member) -> impl Iterator<Item = u32> {
        let numbers = self.values.of(member);
        self.segment.numbers(product, member).filter_map(|number| numbers.get(number).copied())
    }

    /// Whether a value of a product is wanted.
    fn has(&self, product: usize, member: Member, is_wanted: &[bool]) -> bool {
        self.values(product, member).any(|number| is_wanted.get(number as usize) == Some(&true))
    }

    /// Returns the products that are current.
    fn products(&self) -> impl Iterator<Item = usize> {
        let products = self.is_current.iter().enumerate();
        products.filter(|(_, is_current)| **is_current).map(|(product, _)| product)
    }

    /// Removes a product; false if it has none with this identifier.
    fn remove(&mut self, id: ProductId) -> bool {
        let Some(product) = self.segment.find(id) else { return false };
        let was_current = std::mem::replace(&mut self.is_current[product], false);
        self.current -= usize::from(was_current);
        was_current
    }
}
