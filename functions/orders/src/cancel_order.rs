//! `DELETE /orders/{order_id}`: cancels an order and returns its units to stock.
//!
//! For the order's customer, the bearers of its tokens and admins. 200 with the cancelled order, also if it was cancelled
//! before; 404 for other callers, 409 `illegal_transition` if its state no longer allows it, 409
//! `refund_first` if a payment has to be refunded, 412 if `If-Match` names another version than the
//! current one.

use shared::domain::ids::OrderId;
use shared::domain::problem_code::ProblemCode;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::orders;
use shared::{Ctx, Result};

use crate::view::OrderView;

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Cancel an order")
        .describe("Returns its units to stock. Succeeds also if the order was cancelled before.")
        .path::<OrderId>("order_id", "The order's identifier.")
        .if_match("The version of the order.")
        .responds(Success::ok::<OrderView>("The cancelled order.").versioned())
        .refuses(&[
            ProblemCode::IllegalTransition,
            ProblemCode::RefundFirst,
            ProblemCode::OutcomeUnknown,
        ])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let viewer = request.viewer()?;
    let id = request.path_parameter("order_id")?;
    let expected = request.if_match()?;

    let order = orders::cancel(ctx, id, &viewer, &expected).await?;

    OrderView::respond(order, &viewer)
}
