//! `GET /orders/{order_id}`: an order.
//!
//! For the order's customer, the bearers of its tokens and admins; 404 for other callers.

use shared::domain::ids::OrderId;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::{Ctx, Result};

use crate::view::OrderView;

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Get an order")
        .path::<OrderId>("order_id", "The order's identifier.")
        .responds(Success::ok::<OrderView>("The order.").versioned())
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let viewer = request.viewer()?;
    let id = request.path_parameter("order_id")?;

    let order = ctx.store.orders().get(id, &viewer, ctx.now()).await?;

    OrderView::respond(order, &viewer)
}
