//! Cards: what lists show of a product.

use serde::{Deserialize, Serialize};

use crate::domain::ids::ProductId;
use crate::domain::money::Money;
use crate::domain::product::{ProductWithVariants, Rating, Variant};
use crate::domain::slug::Slug;
use crate::domain::text::{ProductName, WebUrl};
use crate::domain::time::Timestamp;

/// A product as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Identifier.
    pub id: ProductId,
    /// The name as part of a URL, such as `stoneware-mug`; not unique.
    pub slug: Slug,
    /// Name.
    pub name: ProductName,
    /// The slug of its category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Slug>,
    /// Brand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<ProductName>,
    /// URL of the main image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<WebUrl>,
    /// The lowest price of a variant on sale.
    pub price: Money,
    /// The highest price of a variant on sale.
    pub max_price: Money,
    /// The price to compare `price` with, of the same variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_at_price: Option<Money>,
    /// Whether a variant is in stock.
    #[serde(default)]
    pub in_stock: bool,
    /// How it is rated.
    #[serde(default, skip_serializing_if = "Rating::is_empty")]
    pub rating: Rating,
    /// The values of the option `size` of its variants, without duplicates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<String>,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Card {
    /// Returns the card of a product. The prices of one without a variant on sale, such as a draft,
    /// are those of its variants that are not withdrawn, or its own.
    pub fn of(of: &ProductWithVariants) -> Self {
        let product = &of.product;
        let on_sale = of.current_variants().filter(|variant| variant.is_on_sale());
        let mut priced: Vec<&Variant> = on_sale.collect();
        if priced.is_empty() {
            priced = of.current_variants().collect();
        }
        let cheapest = priced.iter().min_by_key(|variant| variant.price.amount());
        let dearest = priced.iter().max_by_key(|variant| variant.price.amount());
        Self {
            id: product.id,
            slug: product.slug.clone(),
            name: product.name.clone(),
            category: product.category.clone(),
            brand: product.brand.clone(),
            image: product.main_image(),
            price: cheapest.map_or(product.price, |variant| variant.price),
            compare_at_price: cheapest.and_then(|variant| variant.compare_at_price(product)),
            max_price: dearest.map_or(product.price, |variant| variant.price),
            in_stock: of.current_variants().any(Variant::is_in_stock),
            rating: of.stars.rating(),
            sizes: sizes(of),
            created_at: product.created_at,
        }
    }
}

/// Returns the values of the option `size`, in the order of the variants, each once.
fn sizes(of: &ProductWithVariants) -> Vec<String> {
    let mut sizes: Vec<String> = Vec::new();
    for size in of.current_variants().filter_map(|variant| variant.options.get("size")) {
        if !sizes.iter().any(|known| known == size) {
            sizes.push(size.to_owned());
        }
    }
    sizes
}
