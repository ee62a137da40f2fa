//! What a request asks of the catalogue: filters, words, and an order.

use super::segment::NameKey;
use super::words::{Analyzer, Token};
use crate::domain::ids::ProductId;
use crate::domain::product::ProductStatus;
use crate::domain::slug::Slug;

/// The products that a request asks for. Each filter judges the product, not one of its variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filters {
    /// Words, all of which the product must have, the last one perhaps only as its beginning.
    pub search: Option<String>,
    /// The slug of a category that the product is in, or of one above it.
    pub category: Option<Slug>,
    /// Words, with each of which a word of the name must begin.
    pub name: Option<String>,
    /// A size of one of its variants; case makes no difference.
    pub size: Option<String>,
    /// Its brand; case makes no difference.
    pub brand: Option<String>,
    /// Tags, all of which the product must have; case makes no difference.
    pub tags: Vec<String>,
    /// The least that its lowest price may be, in minor units.
    pub min_price: Option<i64>,
    /// The most that its lowest price may be, in minor units.
    pub max_price: Option<i64>,
    /// Whether it must be in stock, or must not.
    pub in_stock: Option<bool>,
    /// The least that the average of its ratings may be, in hundredths.
    pub min_rating: Option<u16>,
    /// Its status.
    pub status: ProductStatus,
}

impl Default for Filters {
    /// All active products.
    fn default() -> Self {
        Self {
            search: None,
            category: None,
            name: None,
            size: None,
            brand: None,
            tags: Vec::new(),
            min_price: None,
            max_price: None,
            in_stock: None,
            min_rating: None,
            status: ProductStatus::Active,
        }
    }
}

/// The order of a list. Products with the same value are sorted by identifier, that is by their
/// creation, in the same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub by: SortBy,
    /// Whether the largest comes first.
    pub is_descending: bool,
}

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// How well the product matches the search.
    Relevance,
    /// When it was created.
    CreatedAt,
    /// Its lowest price.
    Price,
    /// Its name, by the code points of its folded form.
    Name,
    /// The average of its ratings; a product without any comes before the lowest.
    Rating,
}

impl Sort {
    /// The newest first.
    pub const NEWEST: Self = Self { by: SortBy::CreatedAt, is_descending: true };
    /// The best match of a search first.
    pub const RELEVANCE: Self = Self { by: SortBy::Relevance, is_descending: true };
}

/// A place in a list: the value of its sort, and the identifier of the product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The value that the list is sorted by.
    pub value: SortValue,
    /// The product.
    pub id: ProductId,
}

/// A value that a list is sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortValue {
    /// A number: milliseconds since 1970, minor units, hundredths, or a score.
    Number(i64),
    /// A folded name.
    Name(String),
}

/// A position that borrows its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key<'a> {
    pub value: KeyValue<'a>,
    pub id: u128,
}

/// A value that borrows its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KeyValue<'a> {
    Number(i64),
    Name(NameKey<'a>),
}

impl Position {
    pub(super) fn key(&self) -> Key<'_> {
        let value = match &self.value {
            SortValue::Number(number) => KeyValue::Number(*number),
            SortValue::Name(name) => KeyValue::Name(NameKey::from(name.as_str())),
        };
        Key { value, id: self.id.uuid().as_u128() }
    }
}

impl From<Key<'_>> for Position {
    fn from(key: Key<'_>) -> Self {
        let value = match key.value {
            KeyValue::Number(number) => SortValue::Number(number),
            KeyValue::Name(name) => SortValue::Name(name.folded()),
        };
        Self { value, id: ProductId::from_uuid(uuid::Uuid::from_u128(key.id)) }
    }
}

/// The words of a search and of a name filter.
#[derive(Debug)]
pub(super) struct QueryWords {
    pub search: Option<Vec<Token>>,
    pub name: Option<Vec<Token>>,
}

impl QueryWords {
    /// Returns the words of the filters, each once; of an equal one the last is kept, because the
    /// last word of a search also matches as a beginning.
    pub fn of(filters: &Filters, analyzer: &Analyzer) -> Self {
        let words = |text: &Option<String>| {
            let mut tokens = analyzer.tokens(text.as_deref()?);
            let mut index = 0;
            while index < tokens.len() {
                if tokens[index + 1..].contains(&tokens[index]) {
                    tokens.remove(index);
                } else {
                    index += 1;
                }
            }
            Some(tokens)
        };
        Self { search: words(&filters.search), name: words(&filters.name) }
    }
}
