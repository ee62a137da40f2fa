//! `GET /orders`: the caller's own orders, newest first, all or those in one `status`.
//!
//! Customers. 422 for a parameter that can't be, 400 for a cursor of another list.

use deserr::Deserr;
use shared::domain::invalid::Invalid;
use shared::domain::order::OrderStatus;
use shared::domain::page::{PageNumber, PageSize};
use shared::http::paging::Paging;
use shared::http::{Request, Response};
use shared::{Ctx, Result};

use crate::view::SummaryView;

#[derive(Deserr)]
#[deserr(error = Invalid)]
struct Query {
    #[deserr(default)]
    status: Option<OrderStatus>,
    #[deserr(default)]
    limit: Option<PageSize>,
    #[deserr(default)]
    cursor: Option<String>,
    #[deserr(default)]
    page: Option<PageNumber>,
    #[deserr(default)]
    per_page: Option<PageSize>,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;
    let Query { status, limit, cursor, page, per_page } = request.query()?;
    let paging = Paging { limit, cursor, page, per_page };
    let list = format!("orders in {status:?}");
    let part = paging.part(&list)?;

    let page = ctx.store.orders_of_customer(caller.user_id, status, part).await?;

    paging.answer(&list, page.map(SummaryView::from), &request)
}
