//! `GET /admin/orders`: a page of all orders, newest first, without their items. Filters: `status`,
//! `user_id`, `email`, `number`, `from` and `to`.
//!
//! For admins. 422 for an invalid parameter, 400 `invalid_cursor` for a cursor of another list.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::email::Email;
use shared::domain::ids::UserId;
use shared::domain::invalid::Invalid;
use shared::domain::order::{OrderNumber, OrderStatus};
use shared::domain::order_filter::OrderFilter;
use shared::domain::time::Moment;
use shared::http::contract::Contract;
use shared::http::{Request, Response};
use shared::services::orders;
use shared::{Ctx, Result};

use crate::view::HeaderView;

#[derive(Deserr, JsonSchema)]
#[deserr(error = Invalid)]
struct Query {
    /// Only orders with this status.
    #[deserr(default)]
    status: Option<OrderStatus>,
    /// Only orders of this customer.
    #[deserr(default)]
    user_id: Option<UserId>,
    /// Only orders of the customer with this e-mail address, and of guests who named it.
    #[deserr(default)]
    email: Option<Email>,
    /// Only orders with this number: one, or very rarely several.
    #[deserr(default)]
    number: Option<OrderNumber>,
    /// Only orders placed at this time or later.
    #[deserr(default)]
    from: Option<Moment>,
    /// Only orders placed before this time.
    #[deserr(default)]
    to: Option<Moment>,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("List all orders")
        .describe(
            "Newest first, without their items. A page may have fewer orders than `limit`; only \
             a `next_cursor` of null ends the list. An order that was just placed or changed may \
             take a second to show.",
        )
        .query::<Query>()
        .cursor_list::<HeaderView>("A page of orders.")
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let (Query { status, user_id, email, number, from, to }, paging) = request.cursor_query()?;
    let [from, to] = [from, to].map(|moment| moment.map(Moment::timestamp));
    let filter = OrderFilter { status, user_id, email, number, from, to };

    let page = orders::list_all(ctx, &filter, &paging).await?;

    Response::page(page.map(HeaderView::from), &paging, &request)
}
