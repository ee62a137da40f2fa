//! Products in responses.

use schemars::JsonSchema;
use serde::Serialize;
use shared::catalogue::card::Card;
use shared::domain::ids::ProductId;
use shared::domain::invalid::Invalid;
use shared::domain::money::Money;
use shared::domain::problem_code::ProblemCode;
use shared::domain::product::{
    Image, OptionNames, Options, ProductStatus, ProductWithVariants, Rating, Variant,
};
use shared::domain::quantity::{Stock, Weight};
use shared::domain::sku::Sku;
use shared::domain::slug::Slug;
use shared::domain::text::{Barcode, Description, Label, ProductName, WebUrl};
use shared::domain::time::Timestamp;

/// A product with its variants.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Product")]
pub(crate) struct ProductView {
    id: ProductId,
    /// The name in a form for URLs. It need not be unique.
    slug: Slug,
    name: ProductName,
    description: Option<Description>,
    category: Option<Slug>,
    brand: Option<ProductName>,
    tags: Vec<Label>,
    images: Vec<Image>,
    /// The price of every variant without one of its own.
    price: Money,
    /// A higher price to compare with, of every variant without a price of its own.
    compare_at_price: Option<Money>,
    /// The class by which it is taxed; case makes no difference.
    tax_class: Option<Label>,
    status: ProductStatus,
    low_stock_threshold: Option<Stock>,
    /// The names of the options in which the variants differ.
    options: OptionNames,
    variants: Vec<VariantView>,
    /// Whether a variant is in stock.
    in_stock: bool,
    rating: RatingView,
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
    /// A higher price of its own to compare with; null if it has none.
    compare_at_price: Option<Money>,
    /// Its own image; null if the product's first one is shown.
    image: Option<WebUrl>,
    barcode: Option<Barcode>,
    weight_grams: Option<Weight>,
    /// Whether stock is tracked. If it is not, any number of units can be bought.
    track_stock: bool,
    /// The units in stock; null if stock is not tracked.
    available: Option<Stock>,
}

/// The summary of a product's reviews.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Rating")]
struct RatingView {
    /// From 1 to 5, with two decimals; null without reviews.
    average: Option<String>,
    /// The number of reviews.
    count: u32,
}

impl From<Rating> for RatingView {
    fn from(rating: Rating) -> Self {
        Self { average: rating.decimal_average(), count: rating.count }
    }
}

impl From<ProductWithVariants> for ProductView {
    fn from(from: ProductWithVariants) -> Self {
        let variants = from.current_variants().map(VariantView::from).collect();
        let in_stock = from.current_variants().any(Variant::is_in_stock);
        let ProductWithVariants { product, stars, .. } = from;
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
            compare_at_price: product.compare_at_price,
            tax_class: product.tax_class,
            status: product.status,
            low_stock_threshold: product.low_stock_threshold,
            options: product.options,
            variants,
            in_stock,
            rating: stars.rating().into(),
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
            compare_at_price: variant.own_compare_at_price,
            image: variant.own_image().cloned(),
            barcode: variant.barcode.clone(),
            weight_grams: variant.weight_grams,
            track_stock: variant.track_stock,
            available: variant.units_left(),
        }
    }
}

impl ProductView {
    /// The most bytes of a product in a response.
    const MAX: usize = 120 * 1024;

    /// Checks that a product's view is not too large; 422 `product_too_large`.
    pub(crate) fn check_size(product: &ProductWithVariants) -> Result<(), Invalid> {
        let size = serde_json::to_vec(&Self::from(product.clone())).map_or(0, |json| json.len());
        if size <= Self::MAX {
            return Ok(());
        }
        let detail = format!("The product has {size} bytes in a response, at most {}.", Self::MAX);
        Err(Invalid::for_field("", ProblemCode::ProductTooLarge, detail))
    }
}

/// A product in a list.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProductCard")]
pub(crate) struct CardView {
    id: ProductId,
    slug: Slug,
    name: ProductName,
    category: Option<Slug>,
    brand: Option<ProductName>,
    /// The product's first image.
    image: Option<WebUrl>,
    /// The lowest price of a variant on sale.
    price: Money,
    /// The highest price of a variant on sale.
    max_price: Money,
    /// A higher price to compare with, of the variant with the lowest price.
    compare_at_price: Option<Money>,
    /// Whether a variant is in stock.
    in_stock: bool,
    rating: RatingView,
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
            max_price: card.max_price,
            compare_at_price: card.compare_at_price,
            in_stock: card.in_stock,
            rating: card.rating.into(),
            sizes: card.sizes,
            created_at: card.created_at,
        }
    }
}
