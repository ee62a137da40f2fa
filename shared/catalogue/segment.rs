//! Segments: up to 1,000 products as bytes, in which lists and searches read without unpacking them.
//!
//! A segment has a row of fixed length for each product with what lists sort and filter by, a record
//! with the rest of its card, the values of categories, brands, sizes, tags and currencies, and two
//! dictionaries: of the words, each with the products that have it and the fields, and of the stems,
//! each with its words.

mod build;
mod dictionary;
mod name_key;
mod open;
mod search;
mod stored;
mod values;

use std::ops::Range;

pub use self::build::SegmentBuilder;
use self::dictionary::Dictionary;
pub use self::name_key::NameKey;
pub use self::open::OpenSegment;
pub use self::search::{Match, SearchWord};
pub use self::stored::{MAX_STORED, StoredSegment};
pub use self::values::{Values, key_of};
use super::bytes::{Reader, from_text, offset_at};
use super::card::Card;
use crate::domain::error::{Error, Result};
use crate::domain::ids::ProductId;
use crate::domain::money::{Currency, Money};
use crate::domain::product::{ProductStatus, Rating};
use crate::domain::text::Label;
use crate::domain::time::Timestamp;
use uuid::Uuid;

/// The format of the bytes, in the first one.
const FORMAT: u8 = 1;

/// The most products of a segment.
pub const MAX_PRODUCTS: usize = 1_000;

/// The most bytes of a segment.
pub const MAX_BYTES: usize = 640_000;

/// The number of the category or the brand of a product that has none.
const NONE: u16 = u16::MAX;

/// The parts of a segment, in their order.
#[derive(Debug, Clone, Copy)]
enum Part {
    Rows,
    RecordEnds,
    Records,
    Categories,
    Brands = 5,
    Sizes = 7,
    Tags = 9,
    Currencies = 11,
    Words = 13,
    Stems = 16,
}

/// The number of parts: values have two, dictionaries three.
const PARTS: usize = 19;

/// Where the members of a row are, and how long it is.
mod row {
    pub const ID: usize = 0;
    pub const CREATED_AT: usize = 16;
    pub const PRICE: usize = 24;
    pub const RATING: usize = 32;
    pub const CATEGORY: usize = 34;
    pub const BRAND: usize = 36;
    pub const FLAGS: usize = 38;
    pub const LENGTH: usize = 39;
}

/// In the flags of a row: its status in two bits, and whether it is in stock.
const IN_STOCK: u8 = 4;

/// Products with their words, sorted by identifier.
#[derive(Debug)]
pub struct Segment {
    bytes: Vec<u8>,
    parts: [Range<usize>; PARTS],
    len: usize,
}

/// A member of a product whose different values a segment stores once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Member {
    /// Its category.
    Category,
    /// Its brand.
    Brand,
    /// The sizes of its variants.
    Size,
    /// Its tags.
    Tag,
}

/// The records' first members, which filters and facets need.
#[derive(Debug, Clone, Copy)]
struct Record<'a> {
    sizes: Numbers<'a>,
    tags: Numbers<'a>,
    rest: Reader<'a>,
}

/// Numbers of values, in the order of the product.
#[derive(Debug, Clone, Copy)]
pub(super) enum Numbers<'a> {
    /// At most one.
    One(Option<usize>),
    /// As many as are left in a record.
    Many {
        /// How many.
        left: usize,
        /// The record.
        record: Reader<'a>,
    },
}

impl Segment {
    /// Returns the segment that these bytes are; an error if they are none, or in the format of a
    /// newer version.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self> {
        let mut reader = Reader(&bytes);
        let format = reader.byte();
        if format != FORMAT {
            return Err(Error::internal(format!("a segment of the catalogue has format {format}")));
        }
        let len = reader.length();
        let lengths: [usize; PARTS] = std::array::from_fn(|_| reader.length());
        let mut start = bytes.len() - reader.0.len();
        let parts = lengths.map(|length| {
            let part = start..start.saturating_add(length);
            start = part.end;
            part
        });
        if start != bytes.len() || lengths[Part::Rows as usize] != len * row::LENGTH {
            return Err(Error::internal("a segment of the catalogue is incomplete"));
        }
        Ok(Self { bytes, parts, len })
    }

    /// Returns its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the number of its products.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no products.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the bytes that it takes in memory.
    pub fn memory(&self) -> usize {
        self.bytes.capacity() + size_of::<Self>()
    }

    /// Returns the identifier of a product, as a number that sorts like it.
    pub fn id(&self, product: usize) -> u128 {
        u128::from_be_bytes(self.member(product, row::ID))
    }

    /// Finds the product with this identifier.
    pub fn find(&self, id: ProductId) -> Option<usize> {
        let id = id.uuid().as_u128();
        let (mut low, mut high) = (0, self.len);
        while low < high {
            let middle = (low + high) / 2;
            if self.id(middle) < id {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (low < self.len && self.id(low) == id).then_some(low)
    }

    /// Returns when a product was created, in milliseconds since 1970.
    pub fn created_at(&self, product: usize) -> i64 {
        i64::from_le_bytes(self.member(product, row::CREATED_AT))
    }

    /// Returns a product's lowest price, in minor units.
    pub fn price(&self, product: usize) -> i64 {
        i64::from_le_bytes(self.member(product, row::PRICE))
    }

    /// Returns the average of a product's ratings in hundredths; 0 without any.
    pub fn rating(&self, product: usize) -> u16 {
        u16::from_le_bytes(self.member(product, row::RATING))
    }

    /// Whether a product is in stock.
    pub fn is_in_stock(&self, product: usize) -> bool {
        self.flags(product) & IN_STOCK != 0
    }

    /// Returns a product's status.
    pub fn status(&self, product: usize) -> ProductStatus {
        match self.flags(product) & 3 {
            0 => ProductStatus::Active,
            1 => ProductStatus::Draft,
            _ => ProductStatus::Archived,
        }
    }

    /// Returns a product's name as a sort key.
    pub fn name(&self, product: usize) -> NameKey<'_> {
        let mut rest = self.record(product).rest;
        let name = rest.text_bytes();
        NameKey(if name.is_ascii() { name } else { rest.text_bytes() })
    }

    fn category(&self, product: usize) -> Option<usize> {
        number(u16::from_le_bytes(self.member(product, row::CATEGORY)))
    }

    fn brand(&self, product: usize) -> Option<usize> {
        number(u16::from_le_bytes(self.member(product, row::BRAND)))
    }

    /// Returns the values of a member of the products.
    pub fn values(&self, member: Member) -> Values<'_> {
        self.values_in(match member {
            Member::Category => Part::Categories,
            Member::Brand => Part::Brands,
            Member::Size => Part::Sizes,
            Member::Tag => Part::Tags,
        })
    }

    /// Returns the numbers of a product's values of a member.
    pub(super) fn numbers(&self, product: usize, member: Member) -> Numbers<'_> {
        match member {
            Member::Category => Numbers::One(self.category(product)),
            Member::Brand => Numbers::One(self.brand(product)),
            Member::Size => self.record(product).sizes,
            Member::Tag => self.record(product).tags,
        }
    }

    /// Returns what lists show of a product.
    pub fn card(&self, product: usize) -> Result<Card> {
        let Record { sizes, mut rest, .. } = self.record(product);
        let name = rest.text();
        if !name.is_ascii() {
            rest.text();
        }
        let (slug, image) = (rest.text(), rest.text());
        let price = self.price(product);
        let (above, compare_at) = (rest.number(), rest.number());
        let rating = Rating { count: rest.number() as u32, sum: rest.number() as u32 };
        let currency = self.values_in(Part::Currencies).get(rest.length());
        let currency = Currency::parse(currency.to_owned());
        let currency = currency.map_err(|_| Error::internal("a card has no currency"))?;
        let money = |amount: i64| Money::new(amount, currency);
        let categories = self.values(Member::Category);
        let category = self.category(product).map(|number| categories.get(number));
        let brands = self.values(Member::Brand);
        let brand = self.brand(product).map(|number| brands.get(number));
        let all_sizes = self.values(Member::Size);
        Ok(Card {
            id: ProductId::from_uuid(Uuid::from_u128(self.id(product))),
            slug: from_text(slug)?,
            name: from_text(name)?,
            category: category.map(from_text).transpose()?,
            brand: brand.map(from_text).transpose()?,
            image: (!image.is_empty()).then(|| from_text(image)).transpose()?,
            price: money(price),
            max_price: money(price.saturating_add_unsigned(above)),
            compare_at_price: compare_at.checked_sub(1).map(|amount| money(amount as i64)),
            in_stock: self.is_in_stock(product),
            rating,
            sizes: sizes.map(|number| all_sizes.get(number).to_owned()).collect(),
            created_at: Timestamp::from_unix_millis(self.created_at(product)),
        })
    }

    /// Returns a product's tags.
    pub fn tags(&self, product: usize) -> Result<Vec<Label>> {
        let tags = self.values(Member::Tag);
        self.numbers(product, Member::Tag).map(|number| from_text(tags.get(number))).collect()
    }

    /// Returns segments of one half of the products and of the other.
    fn halves(&self) -> Result<Vec<Self>> {
        let open = OpenSegment::new(self);
        let (mut segments, half) = (Vec::new(), self.len / 2);
        for products in [0..half, half..self.len] {
            let mut builder = SegmentBuilder::default();
            for product in products {
                open.add_to(&mut builder, product)?;
            }
            segments.extend(builder.finish()?);
        }
        Ok(segments)
    }

    fn words(&self) -> Dictionary<'_> {
        self.dictionary(Part::Words)
    }

    fn record(&self, product: usize) -> Record<'_> {
        let ends = self.part(Part::RecordEnds);
        let start = product.checked_sub(1).map_or(0, |before| offset_at(ends, before));
        let record = self.part(Part::Records).get(start..offset_at(ends, product));
        let mut rest = Reader(record.unwrap_or_default());
        let mut numbers = || {
            let left = rest.length();
            let numbers = Numbers::Many { left, record: rest };
            for _ in 0..left {
                rest.number();
            }
            numbers
        };
        let (sizes, tags) = (numbers(), numbers());
        Record { sizes, tags, rest }
    }

    fn flags(&self, product: usize) -> u8 {
        let [flags] = self.member(product, row::FLAGS);
        flags
    }

    fn member<const N: usize>(&self, product: usize, at: usize) -> [u8; N] {
        let row = self.part(Part::Rows).get(product * row::LENGTH + at..);
        row.and_then(|row| row.first_chunk()).copied().unwrap_or([0; N])
    }

    fn part(&self, part: Part) -> &[u8] {
        self.part_at(part as usize)
    }

    fn part_at(&self, index: usize) -> &[u8] {
        self.bytes.get(self.parts[index].clone()).unwrap_or_default()
    }

    fn values_in(&self, part: Part) -> Values<'_> {
        let first = part as usize;
        Values::new(self.part_at(first), self.part_at(first + 1))
    }

    fn dictionary(&self, part: Part) -> Dictionary<'_> {
        let first = part as usize;
        let [blocks, entries, payloads] = [0, 1, 2].map(|index| self.part_at(first + index));
        Dictionary { blocks, entries, payloads }
    }
}

impl SegmentBuilder {
    /// Returns the segments of the products: one, or several if one would have too many bytes.
    pub fn finish(self) -> Result<Vec<Segment>> {
        if self.is_empty() {
            return Ok(Vec::new());
        }
        let segment = Segment::from_bytes(self.into_bytes())?;
        // One product never has so many.
        if segment.bytes().len() <= MAX_BYTES || segment.len() == 1 {
            return Ok(vec![segment]);
        }
        segment.halves()
    }
}

fn number(number: u16) -> Option<usize> {
    (number != NONE).then_some(number.into())
}

impl Iterator for Numbers<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        match self {
            Self::One(number) => number.take(),
            Self::Many { left, record } => {
                *left = left.checked_sub(1)?;
                Some(record.length())
            }
        }
    }
}
