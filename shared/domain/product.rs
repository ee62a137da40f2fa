//! Products and their variants. What is sold, and has a SKU and stock, is the variant.

mod category_counts;
mod draft;
mod image;
mod options;
mod rating;
mod row;

use deserr::Deserr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::ProductId;
use super::invalid::Invalid;
use super::money::Money;
use super::quantity::{Stock, Weight};
use super::sku::Sku;
use super::slug::Slug;
use super::stock;
use super::text::{Barcode, Description, Label, ProductName, WebUrl};
use super::time::Timestamp;

pub use category_counts::CategoryCounts;
pub use draft::{MAX_TAGS, MAX_VARIANTS, ProductDraft, Revision};
pub use image::Image;
pub use options::{OptionNames, Options};
pub use rating::{MinRating, Rating, StarCounts};
pub use row::ProductRow;

/// Whether a product is shown and sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[deserr(error = Invalid, rename_all = lowercase)]
pub enum ProductStatus {
    /// Listed and sold.
    Active,
    /// Not yet published; only admins see it.
    Draft,
    /// No longer published; only admins see it.
    Archived,
}

/// A product, as stored: what all its variants have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// Identifier; sorts by creation.
    pub id: ProductId,
    /// The name as part of a URL, such as `stoneware-mug`; not unique.
    pub slug: Slug,
    /// Name.
    pub name: ProductName,
    /// Description.
    pub description: Option<Description>,
    /// The slug of its category.
    pub category: Option<Slug>,
    /// Whether its category counts it. False if it was stored before categories counted products.
    #[serde(default)]
    pub is_counted: bool,
    /// Brand.
    pub brand: Option<ProductName>,
    /// Keywords.
    #[serde(default)]
    pub tags: Vec<Label>,
    /// Its images; the first is the main one.
    #[serde(default)]
    pub images: Vec<Image>,
    /// The price of every variant that has none of its own.
    pub price: Money,
    /// A higher price to compare with, such as an earlier one; `None` if there is none.
    pub compare_at_price: Option<Money>,
    /// The class by which it is taxed, whose case makes no difference; `None` if it has none.
    pub tax_class: Option<Label>,
    /// Whether it is shown and sold.
    pub status: ProductStatus,
    /// Stock at or below this number of units is low; `None` if the product has no threshold.
    pub low_stock_threshold: Option<Stock>,
    /// The names of its variants' options.
    #[serde(default)]
    pub options: OptionNames,
    /// Version: 1 when created, 1 higher after each change.
    pub version: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed. A change of stock does not count.
    pub updated_at: Timestamp,
}

/// Whether a variant can be bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VariantStatus {
    /// Can be bought, if it is in stock.
    OnSale,
    /// Its product is a draft or archived.
    Hidden,
    /// Removed from its product; kept for the orders that contain it.
    Withdrawn,
}

/// A variant, as stored: one form of a product, with all that carts and orders need of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// Its SKU, unique in the shop.
    pub sku: Sku,
    /// Its product.
    pub product_id: ProductId,
    /// The product's name.
    pub name: ProductName,
    /// Its options, such as size and color.
    #[serde(default)]
    pub options: Options,
    /// URL of its image: its own, or else the product's main one.
    pub image: Option<WebUrl>,
    /// Whether `image` is its own.
    #[serde(default)]
    pub has_own_image: bool,
    /// Its bar code.
    pub barcode: Option<Barcode>,
    /// Its weight.
    pub weight_grams: Option<Weight>,
    /// The class by which it is taxed, which is the product's.
    pub tax_class: Option<Label>,
    /// The price that it sells at: its own price, or else the product's.
    pub price: Money,
    /// Its own price; `None` if it sells at the product's.
    pub own_price: Option<Money>,
    /// A higher price to compare its price with; `None` if it has none of its own.
    pub own_compare_at_price: Option<Money>,
    /// The number of units in stock. It limits what can be bought only if stock is tracked; see
    /// [`Variant::units_left`].
    pub available: Stock,
    /// Whether stock is tracked. If it is not, any number of units can be bought, and sales leave
    /// `available` as it is.
    #[serde(default = "stock::is_tracked_by_default")]
    pub track_stock: bool,
    /// The product's threshold. Its own one, if it has one, is in its `Inventory`.
    pub low_stock_threshold: Option<Stock>,
    /// Whether it can be bought.
    pub status: VariantStatus,
    /// Its position among the product's variants, from 1. Never changes and is never reused.
    #[serde(default)]
    pub number: usize,
    /// Rises by 1, from 1, each time its name, options, price or tax class change, or whether its
    /// stock is tracked. Cart lines and orders compare it to notice such changes.
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
    /// Whether an order of both would be the same: they have the same name, options, price and tax
    /// class, and the stock of both or of neither is tracked.
    fn is_described_like(&self, other: &Self) -> bool {
        let told = |it: &Self| {
            (it.name.clone(), it.options.clone(), it.price, it.tax_class.clone(), it.track_stock)
        };
        told(self) == told(other)
    }

    /// Returns the URL of its own image.
    pub fn own_image(&self) -> Option<&WebUrl> {
        self.image.as_ref().filter(|_| self.has_own_image)
    }

    /// Returns the price to compare its price with: its own, or the product's if it sells at the
    /// product's price.
    pub fn compare_at_price(&self, product: &Product) -> Option<Money> {
        let inherited = product.compare_at_price.filter(|_| self.own_price.is_none());
        self.own_compare_at_price.or(inherited)
    }

    /// Returns the number of units that can be bought; `None` if any number can, because its stock
    /// is not tracked.
    pub fn units_left(&self) -> Option<Stock> {
        self.track_stock.then_some(self.available)
    }

    /// Whether this many units can be bought.
    pub fn has_units(&self, units: impl Into<u64>) -> bool {
        let units = units.into();
        self.units_left().is_none_or(|left| u64::from(left.get()) >= units)
    }

    /// Whether any units can be bought.
    pub fn is_in_stock(&self) -> bool {
        stock::is_in_stock(self.track_stock, self.available.get().into())
    }

    /// Whether it is on sale, whether or not it is in stock.
    pub fn is_on_sale(&self) -> bool {
        self.status == VariantStatus::OnSale
    }
}

/// A product and all its variants, including withdrawn ones, sorted by number.
#[derive(Debug, Clone)]
pub struct ProductWithVariants {
    /// The product.
    pub product: Product,
    /// Its variants.
    pub variants: Vec<Variant>,
    /// Its approved reviews, by their stars.
    pub stars: StarCounts,
}

impl ProductWithVariants {
    /// Returns the variants that are not withdrawn.
    pub fn current_variants(&self) -> impl Iterator<Item = &Variant> {
        self.variants.iter().filter(|variant| variant.status != VariantStatus::Withdrawn)
    }

    /// Returns the product with a revision applied; stock does not change.
    #[must_use]
    pub fn revised(mut self, revision: Revision) -> Self {
        let Revision { product, added, restored, changed } = revision;
        for variant in added.into_iter().chain(restored).chain(changed) {
            match self.variants.iter_mut().find(|known| known.sku == variant.sku) {
                Some(known) => *known = variant,
                None => self.variants.push(variant),
            }
        }
        self.product = product;
        self
    }
}

impl Product {
    /// The URL of its main image.
    pub fn main_image(&self) -> Option<WebUrl> {
        self.images.first().map(|image| image.url.clone())
    }

    fn variant_status(&self) -> VariantStatus {
        match self.status {
            ProductStatus::Active => VariantStatus::OnSale,
            ProductStatus::Draft | ProductStatus::Archived => VariantStatus::Hidden,
        }
    }
}
