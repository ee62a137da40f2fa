//! Products in responses.

use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::card::Card;
use shared::domain::ids::ProductId;
use shared::domain::money::Money;
use shared::domain::product::{OptionNames, Options, ProductStatus, ProductWithVariants, Variant};
use shared::domain::quantity::Stock;
use shared::domain::sku::Sku;
use shared::domain::slug::Slug;
use shared::domain::text::{Description, ImageUrl, Label, Name};
use shared::domain::time::Timestamp;

/// A product with its variants.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Product")]
pub(crate) struct ProductView {
    id: ProductId,
    /// The name in a form for URLs. It need not be unique.
    slug: Slug,
    name: Name,
    description: Option<Description>,
    category: Option<Slug>,
    brand: Option<Name>,
    tags: Vec<Label>,
    images: Vec<ImageUrl>,
    /// The price of every variant without one of its own.
    price: Money,
    status: ProductStatus,
    low_stock_threshold: Option<Stock>,
    /// The names of the options in which the variants differ.
    options: OptionNames,
    variants: Vec<VariantView>,
    /// Whether a variant is in stock.
    in_stock: bool,
    rating: Rating,
    /// Raised by every change; part of the `ETag`.
    version: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Variant")]
struct VariantView {
    sku: Sku,
    #[serde(serialize_with = "Options::as_object")]
    #[schemars(with = "Options")]
    options: Options,
    /// Its own price; null if it sells at the product's.
    price: Option<Money>,
    /// What it sells at.
    unit_price: Money,
    /// The units in stock.
    available: Stock,
}

/// The summary of a product's reviews. Always empty: there are no reviews yet.
#[derive(Serialize, JsonSchema, Default)]
struct Rating {
    /// From 1 to 5, with two decimals; null without reviews.
    average: Option<String>,
    /// The number of reviews.
    count: u32,
}

impl From<ProductWithVariants> for ProductView {
    fn from(from: ProductWithVariants) -> Self {
        let variants: Vec<_> = from.current_variants().map(VariantView::from).collect();
        let product = from.product;
        Self {
            id: product.id,
            slug: product.slug,
            name: product.name,
            description: product.description,
            category: product.category,
            brand: product.brand,
            tags: product.tags,
            images: product.images,
            price: product.price,
            status: product.status,
            low_stock_threshold: product.low_stock_threshold,
            options: product.options,
            in_stock: variants.iter().any(|variant| variant.available.get() > 0),
            variants,
            rating: Rating::default(),
            version: product.version,
            created_at: product.created_at,
            updated_at: product.updated_at,
        }
    }
}

impl From<&Variant> for VariantView {
    fn from(variant: &Variant) -> Self {
        Self {
            sku: variant.sku.clone(),
            options: variant.options.clone(),
            price: variant.own_price,
            unit_price: variant.price,
            available: variant.available,
        }
    }
}

/// A product in a list.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProductCard")]
pub(crate) struct CardView {
    id: ProductId,
    slug: Slug,
    name: Name,
    category: Option<Slug>,
    brand: Option<Name>,
    /// The product's first image.
    image: Option<ImageUrl>,
    /// The lowest price of a variant.
    price: Money,
    /// Whether a variant is in stock.
    in_stock: bool,
    rating: Rating,
    /// The sizes of its variants.
    sizes: Vec<String>,
    created_at: Timestamp,
}

impl From<Card> for CardView {
    fn from(card: Card) -> Self {
        Self {
            id: card.id,
            slug: card.slug,
            name: card.name,
            category: card.category,
            brand: card.brand,
            image: card.image,
            price: card.price,
            in_stock: card.in_stock,
            rating: Rating::default(),
            sizes: card.sizes,
            created_at: card.created_at,
        }
    }
}
