//! Builds segments.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::bytes::{put_length, put_number, put_offset, put_text};
use super::super::card::Card;
use super::super::fold::fold;
use super::super::log::ListedProduct;
use super::super::words::Fields;
use super::dictionary::DictionaryWriter;
use super::values::{key_of, write};
use super::{FORMAT, IN_STOCK, MAX_BYTES, MAX_PRODUCTS, NONE, PARTS, Part, row};
use crate::domain::product::ProductStatus;
use crate::domain::text::Label;

/// Builds a segment of products that are added in the order of their identifiers.
#[derive(Debug, Default)]
pub struct SegmentBuilder {
    products: Vec<(Card, ProductStatus, Vec<Label>)>,
    /// The words and their stems, each with its number.
    words: HashMap<(Box<str>, Box<str>), u32>,
    /// Of each word of a product, the number of the word, that of the product, and the fields.
    postings: Vec<(u32, u16, u8)>,
    /// About as many bytes as the segment will have.
    estimate: usize,
}

/// The different values of one member, with their keys, in their order.
struct ValueNumbers(BTreeMap<(String, String), usize>);

impl SegmentBuilder {
    /// Adds a product.
    pub fn add(&mut self, product: &ListedProduct) {
        let words = product.words.iter();
        let words = words.map(|word| (&*word.token.word, &*word.token.stem, word.fields));
        self.add_with_words(product.card.clone(), product.status, product.tags.clone(), words);
    }

    /// Adds a product with its words, each with its stem and fields.
    pub(super) fn add_with_words<'w>(
        &mut self,
        card: Card,
        status: ProductStatus,
        tags: Vec<Label>,
        words: impl Iterator<Item = (&'w str, &'w str, Fields)>,
    ) {
        // A segment has fewer products than a number of 16 bits can count.
        let product = self.products.len() as u16;
        let image = card.image.as_ref().map_or(0, |image| image.as_str().len());
        let texts = card.slug.as_str().len() + card.name.as_str().len() + image;
        self.estimate += row::LENGTH + 20 + texts + card.sizes.len() + tags.len();
        for (word, stem, fields) in words {
            let next = self.words.len() as u32;
            let number = *self.words.entry((word.into(), stem.into())).or_insert_with(|| {
                // Of a word about half is what the one before it has as well.
                self.estimate += word.len() / 2 + 4 + if word == stem { 0 } else { stem.len() + 4 };
                next
            });
            self.postings.push((number, product, fields.bits()));
            self.estimate += if fields == Fields::IN_DESCRIPTION { 1 } else { 2 };
        }
        self.products.push((card, status, tags));
    }

    /// Whether it has no products.
    pub fn is_empty(&self) -> bool {
        self.products.is_empty()
    }

    /// Returns the number of its products.
    pub fn len(&self) -> usize {
        self.products.len()
    }

    /// Whether a segment should have no more products.
    pub fn is_full(&self) -> bool {
        self.products.len() >= MAX_PRODUCTS || self.estimate >= MAX_BYTES * 9 / 10
    }

    /// Returns the bytes of a segment of the products.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        let products = || self.products.iter();
        let categories = products().filter_map(|(card, ..)| card.category.as_ref());
        let categories = ValueNumbers::of(categories.map(|slug| slug.as_str()));
        let brands = products().filter_map(|(card, ..)| card.brand.as_ref());
        let brands = ValueNumbers::of(brands.map(|brand| brand.as_str()));
        let sizes = products().flat_map(|(card, ..)| &card.sizes);
        let sizes = ValueNumbers::of(sizes.map(String::as_str));
        let tags = products().flat_map(|(.., tags)| tags).map(Label::as_str);
        let tags = ValueNumbers::of(tags);
        let currencies = products().map(|(card, ..)| card.price.currency().code());
        let currencies = ValueNumbers::of(currencies);

        let (mut rows, mut ends, mut records) = (Vec::new(), Vec::new(), Vec::new());
        for (card, status, product_tags) in &self.products {
            let category = card.category.as_ref().map(|slug| categories.number(slug.as_str()));
            let brand = card.brand.as_ref().map(|brand| brands.number(brand.as_str()));
            put_row(&mut rows, card, *status, category, brand);
            let tags = product_tags.iter().map(|tag| tags.number(tag.as_str()));
            let sizes = card.sizes.iter().map(|size| sizes.number(size));
            let currency = currencies.number(card.price.currency().code());
            put_record(&mut records, card, sizes, tags, currency);
            put_offset(&mut ends, records.len());
        }
        let [categories, brands, sizes, tags, currencies] =
            [categories, brands, sizes, tags, currencies].map(ValueNumbers::into_parts);
        let (words, stems) = dictionaries(self.words, self.postings);

        let mut parts = vec![rows, ends, records];
        for values in [categories, brands, sizes, tags, currencies] {
            parts.extend(values);
        }
        parts.extend(words);
        parts.extend(stems);
        debug_assert!(parts.len() == PARTS && Part::Stems as usize + 3 == PARTS);
        let mut bytes = vec![FORMAT];
        put_length(&mut bytes, self.products.len());
        for part in &parts {
            put_length(&mut bytes, part.len());
        }
        bytes.extend(parts.into_iter().flatten());
        bytes
    }
}

fn put_row(
    rows: &mut Vec<u8>,
    card: &Card,
    status: ProductStatus,
    category: Option<usize>,
    brand: Option<usize>,
) {
    // There are fewer categories and brands than products.
    let number = |number: Option<usize>| number.map_or(NONE, |number| number as u16).to_le_bytes();
    let status = match status {
        ProductStatus::Active => 0,
        ProductStatus::Draft => 1,
        ProductStatus::Archived => 2,
    };
    rows.extend(card.id.uuid().as_u128().to_be_bytes());
    rows.extend(card.created_at.unix_millis().to_le_bytes());
    rows.extend(card.price.amount().to_le_bytes());
    rows.extend(card.rating.average().unwrap_or_default().to_le_bytes());
    rows.extend(number(category));
    rows.extend(number(brand));
    rows.push(status | if card.in_stock { IN_STOCK } else { 0 });
}

fn put_record(
    records: &mut Vec<u8>,
    card: &Card,
    sizes: impl ExactSizeIterator<Item = usize>,
    tags: impl ExactSizeIterator<Item = usize>,
    currency: usize,
) {
    put_length(records, sizes.len());
    sizes.for_each(|number| put_length(records, number));
    put_length(records, tags.len());
    tags.for_each(|number| put_length(records, number));
    let name = card.name.as_str();
    put_text(records, name);
    if !name.is_ascii() {
        put_text(records, &fold(name));
    }
    put_text(records, card.slug.as_str());
    put_text(records, card.image.as_ref().map_or("", |image| image.as_str()));
    // The highest price is not below the lowest one, and no price is below zero.
    let unsigned = |amount: i64| u64::try_from(amount).unwrap_or_default();
    put_number(records, unsigned(card.max_price.amount() - card.price.amount()));
    put_number(records, card.compare_at_price.map_or(0, |price| unsigned(price.amount()) + 1));
    put_number(records, card.rating.count.into());
    put_number(records, card.rating.sum.into());
    put_length(records, currency);
}

/// Returns the parts of the dictionaries of the words and of the stems.
fn dictionaries(
    words: HashMap<(Box<str>, Box<str>), u32>,
    mut postings: Vec<(u32, u16, u8)>,
) -> ([Vec<u8>; 3], [Vec<u8>; 3]) {
    let mut words: Vec<_> = words.into_iter().collect();
    words.sort_unstable();
    let mut ordinals = vec![0; words.len()];
    for (ordinal, (_, number)) in words.iter().enumerate() {
        ordinals[*number as usize] = ordinal;
    }
    postings.sort_unstable_by_key(|(number, product, _)| (ordinals[*number as usize], *product));
    let mut writer = DictionaryWriter::default();
    let mut of_stem: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut postings = postings.as_slice();
    for (ordinal, ((word, stem), number)) in words.iter().enumerate() {
        let count = postings.iter().take_while(|(of, ..)| of == number).count();
        let (own, others) = postings.split_at(count);
        postings = others;
        let (mut payload, mut last) = (Vec::new(), 0);
        for (_, product, fields) in own {
            let is_in_description = *fields == Fields::IN_DESCRIPTION.bits();
            let step = usize::from(product - last);
            put_length(&mut payload, step << 1 | usize::from(!is_in_description));
            if !is_in_description {
                payload.push(*fields);
            }
            last = *product;
        }
        writer.push(word.as_bytes(), word == stem, &payload);
        if word != stem {
            of_stem.entry(stem).or_default().push(ordinal);
        }
    }
    let mut stems = DictionaryWriter::default();
    for (stem, ordinals) in of_stem {
        let (mut payload, mut last) = (Vec::new(), 0);
        for ordinal in ordinals {
            put_length(&mut payload, ordinal - last);
            last = ordinal;
        }
        stems.push(stem.as_bytes(), false, &payload);
    }
    (writer.finish(), stems.finish())
}

impl ValueNumbers {
    fn of<'v>(values: impl Iterator<Item = &'v str>) -> Self {
        let values: BTreeSet<&str> = values.collect();
        let mut numbers: BTreeMap<_, _> =
            values.into_iter().map(|value| ((key_of(value), value.to_owned()), 0)).collect();
        for (index, number) in numbers.values_mut().enumerate() {
            *number = index;
        }
        Self(numbers)
    }

    fn number(&self, value: &str) -> usize {
        self.0.get(&(key_of(value), value.to_owned())).copied().unwrap_or_default()
    }

    fn into_parts(self) -> [Vec<u8>; 2] {
        write(self.0.keys().map(|(key, value)| (&**key, &**value)))
    }
}
