//! `GET /products/{product_id}/reviews`: a page of a product's approved reviews, and a summary of all of
//! them. Filter: `rating`; sorted by `sort`.
//!
//! For everybody. 404 if the product is not published, 422 for an invalid parameter, 400
//! `invalid_cursor` for a cursor of another list.

use std::collections::BTreeMap;

use deserr::Deserr;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use shared::domain::ids::ProductId;
use shared::domain::invalid::{Invalid, Refused};
use shared::domain::page::CursorPaging;
use shared::domain::problem_code::ProblemCode;
use shared::domain::product::StarCounts;
use shared::domain::quantity::Stars;
use shared::domain::schema;
use shared::http::contract::{Contract, ResponseHeader, Success};
use shared::http::{Request, Response};
use shared::services::reviews;
use shared::store::reviews::ReviewOrder;
use shared::{Ctx, Result};

use crate::view::ReviewView;

#[derive(Deserr, JsonSchema)]
#[deserr(error = Invalid)]
struct Query {
    /// Only reviews with this many stars.
    #[deserr(default)]
    rating: Option<WantedStars>,
    /// What the list is sorted by, with `-` from the newest or the most stars on. Without it, the newest
    /// review is first.
    #[deserr(default)]
    sort: Option<SortOrder>,
}

/// 1 to 5 stars.
#[derive(Clone, Copy, Deserr, JsonSchema)]
#[schemars(transform = WantedStars::describe)]
#[deserr(error = Invalid, try_from(String) = WantedStars::parse -> Refused)]
struct WantedStars(#[schemars(with = "u32")] Stars);

/// The order of the list.
#[derive(Clone, Copy, Deserr, JsonSchema)]
#[schemars(transform = SortOrder::describe)]
#[deserr(error = Invalid, try_from(String) = SortOrder::parse -> Refused)]
struct SortOrder(#[schemars(with = "String")] ReviewOrder);

/// A page of reviews, and a summary of all approved reviews of the product.
#[derive(JsonSchema)]
#[schemars(rename = "ReviewPageWithSummary")]
#[expect(dead_code, reason = "describes what `Response::page_with_summary` writes")]
struct PageView {
    /// The reviews, at most `limit`. A page may have fewer.
    data: Vec<ReviewView>,
    /// The `cursor` of the next page; null at the end of the list.
    next_cursor: Option<String>,
    summary: SummaryView,
}

/// All approved reviews of a product.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReviewSummary")]
struct SummaryView {
    /// The average of their stars, from 1 to 5, with two decimals; null without reviews.
    average: Option<String>,
    /// Their number.
    count: u32,
    /// Their number by stars, `1` to `5`.
    by_rating: BTreeMap<String, u32>,
}

impl WantedStars {
    fn describe(schema: &mut Schema) {
        schema::between(schema, 1, Stars::MAX, ProblemCode::OutOfRange);
    }

    fn parse(text: String) -> Result<Self, Refused> {
        let number = text.parse::<u32>().ok();
        let stars = Stars::ALL.into_iter().find(|stars| Some(stars.get()) == number);
        stars.map(Self).ok_or_else(|| {
            Refused::new(ProblemCode::OutOfRange, "Must be a whole number from 1 to 5.")
        })
    }
}

impl SortOrder {
    const NAMES: [(&str, ReviewOrder); 4] = [
        ("created_at", ReviewOrder::CreatedAt { is_descending: false }),
        ("-created_at", ReviewOrder::CreatedAt { is_descending: true }),
        ("rating", ReviewOrder::Rating { is_descending: false }),
        ("-rating", ReviewOrder::Rating { is_descending: true }),
    ];

    const NEWEST: Self = Self(ReviewOrder::CreatedAt { is_descending: true });

    fn describe(schema: &mut Schema) {
        let names: Vec<_> = Self::NAMES.iter().map(|(name, _)| *name).collect();
        schema.insert("enum".to_owned(), names.into());
        schema::refuse(schema, &[ProblemCode::UnknownValue]);
    }

    fn parse(text: String) -> Result<Self, Refused> {
        let order = Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, order)| *order);
        order.map(Self).ok_or_else(|| {
            let detail = "Must be created_at or rating, or one of them after a hyphen.";
            Refused::new(ProblemCode::UnknownValue, detail)
        })
    }
}

impl From<StarCounts> for SummaryView {
    fn from(counts: StarCounts) -> Self {
        let rating = counts.rating();
        let by_rating = counts.by_stars().map(|(stars, count)| (stars.get().to_string(), count));
        Self {
            average: rating.decimal_average(),
            count: rating.count,
            by_rating: by_rating.into_iter().collect(),
        }
    }
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    let page = Success::ok::<PageView>("A page of reviews.");
    Contract::new("List the reviews of a product")
        .describe(
            "Only approved reviews; `summary` counts all of them. A page may have fewer reviews than \
             `limit`; only a `next_cursor` of null ends the list.",
        )
        .path::<ProductId>("product_id", "The product's identifier.")
        .query::<Query>()
        .query::<CursorPaging>()
        .responds(page.with_optional(&[ResponseHeader::Link]))
        .refuses(&[ProblemCode::InvalidCursor])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let product = request.path_parameter("product_id")?;
    let (Query { rating, sort }, paging) = request.cursor_query()?;

    let stars = rating.map(|WantedStars(stars)| stars);
    let SortOrder(order) = sort.unwrap_or(SortOrder::NEWEST);
    let (page, counts) = reviews::list(ctx, product, stars, order, &paging).await?;

    let page = page.map(ReviewView::from);
    Response::page_with_summary(page, &SummaryView::from(counts), &paging, &request)
}
