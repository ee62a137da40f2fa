//! `POST /orders`: places an order from the caller's cart, or from `items`.
//!
//! For customers and guests; a customer's body may be missing, a guest's has an `email`. 201 with the
//! order, and with an `Order-Token` for a guest. 409 `out_of_stock` or `unavailable`, which list every
//! such line, `price_changed` if the total differs from `expected_total`, `cart_empty`, or
//! `too_many_unpaid_orders`; 412 if `If-Match` names another version of the cart than the current
//! one; 422 `payment_method_not_enabled`, and where the shop ships or taxes
//! `shipping_address_required`, `region_code_required`, `shipping_method_required` and
//! `unknown_shipping_method`; 429 if the account or the guest's IP address places too many
//! orders. A retry with the same `Idempotency-Key` returns the same order and token and does not count
//! for the rate limit; a guest's key needs a `Cart-Token` beside it, else 400 `cart_token_required`.

use shared::auth::cart_token::CartToken;
use shared::auth::order_token::OrderToken;
use shared::domain::cart_key::CartKey;
use shared::domain::ids::OrderId;
use shared::domain::order::{Actor, Buyer};
use shared::domain::problem_code::ProblemCode;
use shared::domain::viewer::Viewer;
use shared::http::contract::{Contract, ResponseHeader, Success};
use shared::http::{Request, Response};
use shared::services::checkout::{self, Checkout};
use shared::services::idempotency::{Once, once};
use shared::{Ctx, Result};

use crate::order_body::OrderBody;
use crate::view::OrderView;

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Place an order")
        .describe(
            "Orders the cart, which is then empty, or `items`. A guest names an `email`, and gets an \
             `Order-Token`, which acts as the owner on the order's routes.",
        )
        .optional_body::<OrderBody>()
        .idempotent()
        .cart_token("The cart of a guest, and whose keys the `Idempotency-Key` is one of.")
        .if_match("The version of the cart that is ordered.")
        .responds(Success::created::<OrderView>("The order.").versioned().replayed().with_optional(&[ResponseHeader::OrderToken]))
        .limited()
        .refuses(&[
            ProblemCode::OutOfStock,
            ProblemCode::Unavailable,
            ProblemCode::PriceChanged,
            ProblemCode::CartEmpty,
            ProblemCode::TooManyUnpaidOrders,
            ProblemCode::VariantRequired,
            ProblemCode::PaymentMethodNotEnabled,
            ProblemCode::CartTokenRequired,
            ProblemCode::ShippingAddressRequired,
            ProblemCode::ShippingMethodRequired,
            ProblemCode::UnknownShippingMethod,
            ProblemCode::RegionCodeRequired,
            ProblemCode::ItemsAreNoCart,
            ProblemCode::OutcomeUnknown,
        ])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.signed_in();
    let cart_token = request.cart_token();
    let json = request.body_or_empty()?;
    let key = request.idempotency(&json)?;
    let limiter = request.limiter(ctx);

    let id = OrderId::new(ctx.now());
    let token = match (caller, &cart_token) {
        (Some(_), _) => None,
        (None, Some(cart)) => Some(OrderToken::of_cart(&cart.write(), id)),
        (None, None) => Some(OrderToken::new()?),
    };
    let place = async {
        let version = request.if_match()?;
        let body = OrderBody::read(json, &version, caller.is_none(), ctx.currency())?;
        let cart = match caller {
            Some(caller) => Some(CartKey::Customer(caller.user_id)),
            None => cart_token.as_ref().map(CartToken::key),
        };
        let checkout = Checkout {
            id,
            buyer: caller.map_or(Buyer::Guest, |caller| Buyer::Customer(caller.user_id)),
            cart,
            email: body.email,
            token_digest: token.as_ref().map(OrderToken::digest),
            basket: body.basket,
            cart_version: version,
            payment_method: body.payment_method,
            shipping_address: body.shipping_address,
            shipping_method: body.shipping_method,
            expected_total: body.expected_total,
            idempotency: key.clone(),
        };
        checkout::place_order(ctx, &checkout, Some(&limiter)).await
    };
    let (order, token, replayed) = match once(ctx, key.as_ref(), place).await? {
        Once::New(order) => (order, token, None),
        Once::Replayed(remembered) => {
            limiter.undo_all_counts().await;
            let id = remembered.id()?;
            let token = cart_token.map(|cart| OrderToken::of_cart(&cart.write(), id));
            let digest = token.as_ref().map(OrderToken::digest);
            let viewer = match (caller, digest) {
                (Some(caller), digest) => caller.viewer().with_token(digest),
                (None, digest) => Viewer::bearer(digest.unwrap_or_default()),
            };
            let order = ctx.store.orders().get(id, &viewer, ctx.now()).await?;
            let token = token.filter(|token| order.admits(&token.digest(), ctx.now()));
            (order, token, Some(remembered))
        }
    };

    let (location, version) = (format!("/orders/{}", order.id), order.summary.version);
    let actor = caller.map_or(Actor::Customer, |caller| caller.role.into());
    let view = OrderView::new(order, actor);
    let answer = Response::created(&location, &view)?.version(version);
    let answer = match token {
        Some(token) => answer.header("order-token", &token.write()),
        None => answer,
    };
    Ok(answer.replay_of(replayed.as_ref()))
}
