//! `GET /products/facets`: how many of the products that match have each category, brand, size, tag
//! and rating, in which ranges their prices are, and how many are in stock.
//!
//! Public; with `status`, for admins: others get 401 or 403. 422 for an invalid parameter.

use schemars::JsonSchema;
use serde::Serialize;
use shared::catalogue::memory::{Count, Facets};
use shared::catalogue::query::Filters;
use shared::domain::money::{Currency, Money};
use shared::domain::problem_code::ProblemCode;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::product_lists;
use shared::{Ctx, Result};

use crate::product_query::{FilterQuery, is_for_admins};

/// The number of products with each value.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Facets")]
struct FacetsView {
    /// The number of products that match all filters.
    total: u32,
    /// Whether the numbers are exact. They always are.
    exact: bool,
    /// Categories, each with the products of those below it.
    category: Vec<CategoryCount>,
    brand: Vec<ValueCount>,
    /// The sizes of the variants.
    size: Vec<ValueCount>,
    tag: Vec<ValueCount>,
    /// At most eight ranges of the lowest price, from the cheapest on.
    price: Vec<PriceRange>,
    /// Products that are rated at least so well, from the best on.
    rating: Vec<RatingCount>,
    in_stock: StockCounts,
}

#[derive(Serialize, JsonSchema)]
struct CategoryCount {
    /// The slug of the category.
    slug: String,
    /// The number of products.
    count: u32,
}

#[derive(Serialize, JsonSchema)]
struct ValueCount {
    /// The value, in the spelling that most of the products have.
    name: String,
    /// The number of products.
    count: u32,
}

#[derive(Serialize, JsonSchema)]
struct PriceRange {
    /// The lowest price in the range.
    min: Money,
    /// The lowest price above the range.
    max: Money,
    /// The number of products.
    count: u32,
}

#[derive(Serialize, JsonSchema)]
struct RatingCount {
    /// The least average, from 1 to 4.
    min: u8,
    /// The number of products.
    count: u32,
}

/// The number of products that are in stock, and of those that are not.
#[derive(Serialize, JsonSchema)]
struct StockCounts {
    r#true: u32,
    r#false: u32,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Count products by their values")
        .describe(
            "Takes the filters of `list_products`. A filter does not narrow its own facet, so that \
             it shows what another choice would find; but `tag` does, because a product must have \
             all of the tags. A facet has the 50 values with the most products.",
        )
        .query::<FilterQuery>()
        .responds(Success::ok::<FacetsView>("The numbers of products."))
        .optional_bearer()
        .refuses(&[ProblemCode::Unauthenticated, ProblemCode::Forbidden])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let is_private = is_for_admins(ctx, &request).await?;

    let filters = Filters::from(request.query::<FilterQuery>()?);

    let facets = product_lists::facets(ctx, &filters).await?;

    let response = Response::ok(&FacetsView::of(facets, ctx.currency()))?;
    Ok(if is_private { response.private() } else { response })
}

impl FacetsView {
    fn of(facets: Facets, currency: Currency) -> Self {
        let prices = facets.prices.into_iter().map(|range| PriceRange {
            min: Money::new(range.min, currency),
            max: Money::new(range.max, currency),
            count: range.count,
        });
        let category = |Count { value, count }| CategoryCount { slug: value, count };
        let ratings = facets.ratings.into_iter();
        Self {
            total: facets.total,
            exact: true,
            category: facets.categories.into_iter().map(category).collect(),
            brand: values(facets.brands),
            size: values(facets.sizes),
            tag: values(facets.tags),
            price: prices.collect(),
            rating: ratings.map(|it| RatingCount { min: it.min, count: it.count }).collect(),
            in_stock: StockCounts { r#true: facets.in_stock, r#false: facets.out_of_stock },
        }
    }
}

fn values(counts: Vec<Count>) -> Vec<ValueCount> {
    counts.into_iter().map(|Count { value, count }| ValueCount { name: value, count }).collect()
}
