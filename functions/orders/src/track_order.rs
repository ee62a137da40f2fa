//! `GET /orders/{order_id}/tracking`: where an order is.
//!
//! For the order's customer, the bearers of its tokens and admins; 404 for other callers.

use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::ids::OrderId;
use shared::domain::order::{HistoryEntry, OrderStatus, Tracking};
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::{Ctx, Result};

/// Where an order is.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OrderTracking")]
struct TrackingView {
    order_id: OrderId,
    status: OrderStatus,
    /// How the parcel travels; null until an admin says it.
    tracking: Option<Tracking>,
    /// Every change of status, and the notes about the order, oldest first.
    history: Vec<HistoryEntry>,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Track an order")
        .path::<OrderId>("order_id", "The order's identifier.")
        .responds(Success::ok::<TrackingView>("Where the order is."))
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let viewer = request.viewer()?;
    let id = request.path_parameter("order_id")?;

    let order = ctx.store.orders().get(id, &viewer, ctx.now()).await?;

    Response::ok(&TrackingView {
        order_id: order.id,
        status: order.summary.status,
        tracking: order.tracking,
        history: order.history,
    })
}
