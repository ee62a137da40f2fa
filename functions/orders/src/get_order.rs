//! `GET /orders/{order_id}`: an order.
//!
//! For the order's customer and admins; 404 for other callers.

use shared::http::{Request, Response};
use shared::{Ctx, Result};

use crate::view::OrderView;

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;
    let id = request.path_parameter("order_id")?;

    let order = ctx.store.orders().get(id, caller.viewer()).await?;

    let version = order.summary.version;
    Ok(Response::ok(&OrderView::new(order, caller))?.version(version))
}
