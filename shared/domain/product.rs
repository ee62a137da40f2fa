//! Products and the variants of them that are sold.

mod draft;
mod options;

use deserr::Deserr;
use serde::{Deserialize, Serialize};

use super::ids::ProductId;
use super::invalid::Invalid;
use super::money::Money;
use super::quantity::Stock;
use super::sku::Sku;
use super::slug::Slug;
use super::text::{Description, ImageUrl, Label, Name};
use super::time::Timestamp;

pub use draft::{MAX_VARIANTS, ProductDraft, Revision};
pub use options::{OptionNames, Options};

/// Who sees a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[serde(rename_all = "snake_case")]
#[deserr(error = Invalid, rename_all = lowercase)]
pub enum ProductStatus {
    /// Listed and sold.
    Active,
    /// Not yet.
    Draft,
    /// No longer.
    Archived,
}

/// What is shown of a product, whichever variant is bought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// Identifier; sorts by creation.
    pub id: ProductId,
    /// The name as it stands in an address; not unique.
    pub slug: Slug,
    /// Name.
    pub name: Name,
    /// Text for the product's page.
    pub description: Option<Description>,
    /// The shelf it stands on.
    pub category: Option<Slug>,
    /// Maker.
    pub brand: Option<Name>,
    /// Free words to find it by.
    #[serde(default)]
    pub tags: Vec<Label>,
    /// Pictures; the first is the main one.
    #[serde(default)]
    pub images: Vec<ImageUrl>,
    /// The price of every variant that has none of its own.
    pub price: Money,
    /// Who sees it.
    pub status: ProductStatus,
    /// Stock at or below this is low; `None` where nobody asked.
    pub low_stock_threshold: Option<Stock>,
    /// The names of its variants' options.
    #[serde(default)]
    pub options: OptionNames,
    /// The sizes its variants on sale come in, in their order.
    #[serde(default)]
    pub sizes: Vec<String>,
    /// The SKUs of its variants on sale, in their order.
    #[serde(default)]
    pub skus: Vec<Sku>,
    /// Counts the changes, from 1.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed; sales don't count.
    pub updated_at: Timestamp,
}

/// Whether a variant can be bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VariantStatus {
    /// Can be bought.
    OnSale,
    /// Its product is a draft or archived.
    Hidden,
    /// Taken out of its product; kept for the orders that hold it.
    Withdrawn,
}

/// One sellable form of a product: all that a cart and an order need to know of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// What its stock is counted by.
    pub sku: Sku,
    /// The product it is a form of.
    pub product_id: ProductId,
    /// The product's name.
    pub name: Name,
    /// What distinguishes it.
    #[serde(default)]
    pub options: Options,
    /// Its picture.
    pub image: Option<ImageUrl>,
    /// What it sells at: its own price, or else the product's.
    pub price: Money,
    /// The price that it was given; `None` where it follows the product's.
    pub own_price: Option<Money>,
    /// Units that can be bought now.
    pub available: Stock,
    /// Stock at or below this is low: its own threshold, or else the product's.
    pub low_stock_threshold: Option<Stock>,
    /// The threshold that the inventory gave it; `None` where it follows the product's.
    pub own_low_stock_threshold: Option<Stock>,
    /// Whether it can be bought.
    pub status: VariantStatus,
    /// Its place among its siblings, and its number for ever.
    #[serde(default)]
    pub number: usize,
    /// Counts, from 1, how often changed what a buyer is told: the name, the options, and what it
    /// sells at.
    #[serde(default)]
    pub revision: u64,
}

impl std::fmt::Display for VariantStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::OnSale => "on_sale",
            Self::Hidden => "hidden",
            Self::Withdrawn => "withdrawn",
        })
    }
}

impl Variant {
    /// Whether a buyer is told the same of both.
    fn is_described_like(&self, other: &Self) -> bool {
        self.name == other.name && self.options == other.options && self.price == other.price
    }

    /// Whether it can be bought at all, stock aside.
    pub fn is_on_sale(&self) -> bool {
        self.status == VariantStatus::OnSale
    }
}

/// A product and all its variants, withdrawn ones included, in their order.
#[derive(Debug, Clone)]
pub struct ProductWithVariants {
    /// The product.
    pub product: Product,
    /// Its variants.
    pub variants: Vec<Variant>,
}

impl ProductWithVariants {
    /// The variants that are part of the product as it is described now.
    pub fn current_variants(&self) -> impl Iterator<Item = &Variant> {
        self.variants.iter().filter(|variant| variant.status != VariantStatus::Withdrawn)
    }

    /// The same after a revision; stock is as it was.
    #[must_use]
    pub fn revised(mut self, revision: Revision) -> Self {
        for variant in revision.changed.into_iter().chain(revision.added) {
            match self.variants.iter_mut().find(|known| known.sku == variant.sku) {
                Some(known) => *known = variant,
                None => self.variants.push(variant),
            }
        }
        self.product = revision.product;
        self
    }
}

impl Product {
    fn summarize(&mut self, variants: &[Variant]) {
        let kept = || variants.iter().filter(|v| v.status != VariantStatus::Withdrawn);
        self.skus = kept().map(|variant| variant.sku.clone()).collect();
        self.sizes.clear();
        for size in kept().filter_map(|variant| variant.options.get("size")) {
            if !self.sizes.iter().any(|known| known == size) {
                self.sizes.push(size.to_owned());
            }
        }
    }

    fn variant_status(&self) -> VariantStatus {
        match self.status {
            ProductStatus::Active => VariantStatus::OnSale,
            ProductStatus::Draft | ProductStatus::Archived => VariantStatus::Hidden,
        }
    }
}
