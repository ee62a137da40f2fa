//! `POST /orders`: places an order from the caller's cart, or from `items`.
//!
//! For customers; the body may be missing. 201 with the order. 409 `out_of_stock` or `unavailable`,
//! which list every such line, `price_changed` if the total differs from `expected_total`,
//! `cart_empty`, or `too_many_unpaid_orders`; 412 if `If-Match` names another version of the cart
//! than the current one; 429 if the account places too many orders. A retry with the same
//! `Idempotency-Key` returns the same order and does not count for the rate limit.

use shared::domain::problem_code::ProblemCode;
use shared::domain::rate_limit::RateLimit;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::checkout;
use shared::services::idempotency::{Once, once};
use shared::{Ctx, Result};

use crate::order_body::OrderBody;
use crate::view::OrderView;

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Place an order")
        .describe("Orders the cart, which is then empty, or `items`.")
        .optional_body::<OrderBody>()
        .idempotent()
        .if_match("The version of the cart that is ordered.")
        .responds(Success::created::<OrderView>("The order.").versioned().replayed())
        .limited()
        .refuses(&[
            ProblemCode::OutOfStock,
            ProblemCode::Unavailable,
            ProblemCode::PriceChanged,
            ProblemCode::CartEmpty,
            ProblemCode::TooManyUnpaidOrders,
            ProblemCode::VariantRequired,
            ProblemCode::ItemsAreNoCart,
            ProblemCode::OutcomeUnknown,
        ])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;
    let json = request.body_or_empty()?;
    let key = request.idempotency(&json)?;
    let limiter = request.limiter(ctx);

    let place = async {
        let cart = request.if_match()?;
        let body = OrderBody::read(json, &cart, ctx.currency())?;
        let checkout = body.checkout(ctx, caller.user_id, cart, key.clone());
        let admitted = limiter.admit([RateLimit::CheckoutAccount.of(caller.user_id)]);
        checkout::place_order(ctx, &checkout, admitted).await
    };
    let (order, replayed) = match once(ctx, key.as_ref(), place).await? {
        Once::New(order) => (order, None),
        Once::Replayed(remembered) => {
            limiter.undo_counts(RateLimit::CheckoutAccount).await;
            let order = ctx.store.orders().get(remembered.id()?, caller.viewer()).await?;
            (order, Some(remembered))
        }
    };

    let (location, version) = (format!("/orders/{}", order.id), order.summary.version);
    let answer = Response::created(&location, &OrderView::new(order, caller))?.version(version);
    Ok(answer.replay_of(replayed.as_ref()))
}
