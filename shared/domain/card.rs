//! Product cards: what a list shows of each product.

use serde::Deserialize;

use super::ids::ProductId;
use super::money::Money;
use super::sku::Sku;
use super::slug::Slug;
use super::text::{ImageUrl, ProductName};
use super::time::Timestamp;

/// A product as lists show it.
#[derive(Debug, Clone, Deserialize)]
pub struct Card {
    /// Identifier.
    pub id: ProductId,
    /// The name as part of a URL, such as `stoneware-mug`; not unique.
    pub slug: Slug,
    /// Name.
    pub name: ProductName,
    /// The slug of its category.
    pub category: Option<Slug>,
    /// Brand.
    pub brand: Option<ProductName>,
    /// URL of the main image.
    pub image: Option<ImageUrl>,
    /// The product's price; variants may have other prices.
    pub price: Money,
    /// The values of the option `size` of its variants, without duplicates.
    #[serde(default)]
    pub sizes: Vec<String>,
    /// The SKUs of its variants, without the withdrawn ones.
    #[serde(default)]
    pub skus: Vec<Sku>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Whether any of its variants is in stock; not stored, but looked up for each page of a list.
    #[serde(default)]
    pub in_stock: bool,
}
