//! `GET /orders`: a page of the caller's own orders, newest first; `status` selects one state.
//!
//! For customers. 422 for an invalid parameter, 400 `invalid_cursor` for a cursor of another list.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::invalid::Invalid;
use shared::domain::order::OrderStatus;
use shared::domain::problem_code::ProblemCode;
use shared::http::contract::Contract;
use shared::http::{Request, Response};
use shared::{Ctx, Result};

use crate::view::SummaryView;

#[derive(Deserr, JsonSchema)]
#[deserr(error = Invalid)]
struct Query {
    /// Only orders with this status.
    #[deserr(default)]
    status: Option<OrderStatus>,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("List the own orders")
        .describe("Newest first.")
        .query::<Query>()
        .list::<SummaryView>("A page of orders.")
        .refuses(&[ProblemCode::PageTooLarge])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;

    let (Query { status }, paging) = request.list_query()?;

    let page = ctx.store.orders().of_customer(caller.user_id, status, &paging).await?;

    Response::page(page.map(SummaryView::from), &paging, &request)
}
