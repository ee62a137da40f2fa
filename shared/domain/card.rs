//! What a list shows of a product.

use serde::Deserialize;

use super::ids::ProductId;
use super::money::Money;
use super::sku::Sku;
use super::slug::Slug;
use super::text::{ImageUrl, Name};
use super::time::Timestamp;

/// What a list shows of a product.
#[derive(Debug, Clone, Deserialize)]
pub struct Card {
    /// Identifier.
    pub id: ProductId,
    /// The name as it stands in an address.
    pub slug: Slug,
    /// Name.
    pub name: Name,
    /// The shelf it stands on.
    pub category: Option<Slug>,
    /// Maker.
    pub brand: Option<Name>,
    /// Main picture.
    pub image: Option<ImageUrl>,
    /// Price.
    pub price: Money,
    /// The sizes it comes in.
    #[serde(default)]
    pub sizes: Vec<String>,
    /// The SKUs it comes in.
    #[serde(default)]
    pub skus: Vec<Sku>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether any of its variants can be bought.
    #[serde(default)]
    pub in_stock: bool,
}
