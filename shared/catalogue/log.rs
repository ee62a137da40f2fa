//! The catalogue's log: numbered entries, each with the products and categories that changed, as
//! they are after the change. Replaying the entries in the order of their numbers ends in the state
//! of the products and categories in the table.

use serde::{Deserialize, Serialize};

use super::card::Card;
use super::deflate::{deflate, inflate};
use super::words::{Analyzer, Words};
use crate::domain::error::{Error, Result};
use crate::domain::ids::ProductId;
use crate::domain::product::{ProductStatus, ProductWithVariants};
use crate::domain::search_language::SearchLanguage;
use crate::domain::slug::Slug;
use crate::domain::text::{CategoryName, Label};

/// The most bytes of an entry's changes as JSON, unless it has only one.
pub const MAX_ENTRY: usize = 100_000;

/// More bytes than the changes of any entry have as JSON: the largest product has 300 KB of words.
const MAX_INFLATED: usize = 1_000_000;

/// An entry of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number: 1 for the first entry, 1 more for each one after.
    pub number: u64,
    /// The language of its stems.
    pub language: SearchLanguage,
    /// What changed.
    pub changes: Changes,
}

/// The changes of one entry.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Changes {
    /// Changed products.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<ProductChange>,
    /// Changed categories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<CategoryChange>,
}

/// A product after a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductChange {
    /// Which product.
    pub id: ProductId,
    /// The product; `None` if it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<ListedProduct>,
}

/// What lists, search and facets need of a product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListedProduct {
    /// What lists show.
    pub card: Card,
    /// Whether it is shown; drafts and archived products are shown to admins only.
    pub status: ProductStatus,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Label>,
    /// By what a search finds it.
    #[serde(default)]
    pub words: Words,
}

/// A category after a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CategoryChange {
    /// Which category.
    pub slug: Slug,
    /// The category; `None` if it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<ListedCategory>,
}

/// What lists and facets need of a category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListedCategory {
    /// Name.
    pub name: CategoryName,
    /// The slug of the category that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Slug>,
}

impl ListedProduct {
    /// Returns what lists need of a product.
    pub fn of(product: &ProductWithVariants, analyzer: &Analyzer) -> Self {
        Self {
            card: Card::of(product),
            status: product.product.status,
            tags: product.product.tags.clone(),
            words: analyzer.words(product),
        }
    }
}

impl Changes {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.products.is_empty() && self.categories.is_empty()
    }

    /// Returns the bytes that are stored of the changes: compressed JSON.
    pub fn to_stored(&self) -> Result<Vec<u8>> {
        let json = serde_json::to_vec(self).map_err(Error::internal)?;
        Ok(deflate(&json))
    }

    /// Returns the changes of which these bytes are stored.
    pub fn from_stored(bytes: &[u8]) -> Result<Self> {
        let json = inflate(bytes, MAX_INFLATED)?;
        serde_json::from_slice(&json).map_err(Error::internal)
    }

    /// Removes and returns as many changes as fit into one entry, the categories first.
    #[must_use]
    pub fn take_entry(&mut self) -> Self {
        let mut bytes = 0;
        let categories = take_fitting(&mut self.categories, &mut bytes);
        let products = match self.categories.is_empty() {
            true => take_fitting(&mut self.products, &mut bytes),
            false => Vec::new(),
        };
        Self { products, categories }
    }
}

/// Removes and returns the first changes as far as all together have at most [`MAX_ENTRY`] bytes,
/// but at least one if `bytes` is still 0.
fn take_fitting<T: Serialize>(changes: &mut Vec<T>, bytes: &mut usize) -> Vec<T> {
    let fits = |change: &T| {
        // What can't be serialized is an error when it is stored.
        let size = serde_json::to_string(change).map_or(0, |text| text.len()) + ",".len();
        let is_first = *bytes == 0;
        *bytes += size;
        is_first || *bytes <= MAX_ENTRY
    };
    let count = changes.iter().map(fits).take_while(|fits| *fits).count();
    changes.drain(..count).collect()
}
