//! `GET /admin/reviews`: a page of all reviews, the newest first. Filter: `status`.
//!
//! For admins. 422 for an invalid parameter, 400 `invalid_cursor` for a cursor of another list.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::invalid::Invalid;
use shared::domain::review::ReviewStatus;
use shared::http::contract::Contract;
use shared::http::{Request, Response};
use shared::{Ctx, Result};

use crate::view::ReviewView;

#[derive(Deserr, JsonSchema)]
#[deserr(error = Invalid)]
struct Query {
    /// Only reviews with this status: `pending` ones wait for an admin.
    #[deserr(default)]
    status: Option<ReviewStatus>,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("List all reviews")
        .describe(
            "Of all products, the newest first. A review that was just written or changed may take a \
             second to show. A page may have fewer reviews than `limit`; only a `next_cursor` of null \
             ends the list.",
        )
        .query::<Query>()
        .cursor_list::<ReviewView>("A page of reviews.")
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let (Query { status }, paging) = request.cursor_query()?;

    let page = ctx.store.reviews().all(status, &paging).await?;

    Response::page(page.map(ReviewView::from), &paging, &request)
}
