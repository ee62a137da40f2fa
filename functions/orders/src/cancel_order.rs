//! `DELETE /orders/{order_id}`: cancels an order and gives its stock back.
//!
//! Its owner, and admins. The cancelled order, also when it was cancelled before; 409
//! `illegal_transition` when it is too late, 412 where `If-Match` names an older version.

use shared::http::{Request, Response};
use shared::services::orders;
use shared::{Ctx, Result};

use crate::view::OrderView;

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;
    let id = request.path_parameter("order_id")?;
    let expected = request.if_match()?;

    let order = orders::cancel(ctx, id, caller.viewer(), &expected).await?;

    let version = order.summary.version;
    Ok(Response::ok(&OrderView::new(order, caller))?.version(version))
}
