//! `POST /orders`: places an order from the caller's cart, or from `items`.
//!
//! Customers; the body may be missing, and `If-Match` may name the version of the cart (412). 409
//! `out_of_stock` and `unavailable` list every such line; `price_changed` where `expected_total`
//! differs; `cart_empty`; `too_many_unpaid_orders`. With an `Idempotency-Key` the same request again
//! answers with the same order, and does not count; 429 for too many others.

use shared::domain::basket::Basket;
use shared::domain::cart::Cart;
use shared::domain::idempotency::Idempotency;
use shared::domain::ids::{OrderId, UserId};
use shared::domain::invalid::Invalid;
use shared::domain::json::Json;
use shared::domain::members::Members;
use shared::domain::money::{Currency, Money, Total};
use shared::domain::order::PaymentMethod;
use shared::domain::rate_limit::RateLimit;
use shared::domain::user::Address;
use shared::domain::version::Expected;
use shared::http::{Request, Response};
use shared::services::checkout::{self, Checkout};
use shared::services::idempotency::{Once, once};
use shared::{Ctx, Result};

use crate::view::OrderView;

struct Body {
    basket: Basket,
    payment_method: PaymentMethod,
    shipping_address: Option<Address>,
    expected_total: Option<Money>,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;
    let json = request.body_or_empty()?;
    let key = request.idempotency(&json)?;
    let limiter = request.limiter(ctx);

    let place = async {
        let cart = request.if_match()?;
        let body = Body::read(json, cart, ctx.currency())?;
        let checkout = body.checkout(ctx, caller.user_id, cart, key.clone());
        let admitted = limiter.admit([RateLimit::CheckoutAccount.of(caller.user_id)]);
        checkout::place_order(ctx, &checkout, admitted).await
    };
    let (order, replayed) = match once(ctx, key.as_ref(), place).await? {
        Once::New(order) => (order, None),
        Once::Replayed(remembered) => {
            limiter.give_back().await;
            let order = ctx.store.orders().get(remembered.id()?, caller.viewer()).await?;
            (order, Some(remembered))
        }
    };

    let (location, version) = (format!("/orders/{}", order.id), order.summary.version);
    let answer = Response::created(&location, &OrderView::new(order, caller))?.version(version);
    Ok(answer.replay_of(replayed.as_ref()))
}

impl Body {
    /// Reads a body; every member that can't be read and every rule that is broken is named.
    fn read(body: Json, cart: Expected, currency: Currency) -> Result<Self, Invalid> {
        let mut body = Members::of_body(body)?;
        let basket = basket(&mut body, cart);
        let payment_method = payment_method(&mut body);
        let shipping_address = body.optional("shipping_address");
        let expected_total = body.optional("expected_total").map(Total::money);
        let pointer = body.pointer("expected_total");
        body.add(expected_total.and_then(|total| total.in_shop_currency(currency, &pointer).err()));
        body.finish(|| {
            let (basket, payment_method) = (basket?, payment_method?);
            Some(Self { basket, payment_method, shipping_address, expected_total })
        })
    }

    fn checkout(
        self,
        ctx: &Ctx,
        user_id: UserId,
        cart: Expected,
        idempotency: Option<Idempotency>,
    ) -> Checkout {
        Checkout {
            id: OrderId::new(ctx.now()),
            user_id,
            payment_method: self.payment_method,
            basket: self.basket,
            cart,
            shipping_address: self.shipping_address,
            expected_total: self.expected_total,
            idempotency,
        }
    }
}

/// The only method so far is `manual`.
fn payment_method(body: &mut Members<'_, Json>) -> Option<PaymentMethod> {
    let method = body.optional("payment_method");
    let token: Option<String> = body.optional("payment_token");
    match method {
        Some(PaymentMethod::Card) => {
            let detail = "This shop does not take cards; use `manual`.";
            body.refuse("payment_method", "payment_method_unavailable", detail);
            None
        }
        None if body.has("payment_method") => None,
        Some(PaymentMethod::Manual) | None => {
            if token.is_some() {
                let detail = "Only a payment by card takes a token.";
                body.refuse("payment_token", "unexpected", detail);
            }
            Some(PaymentMethod::Manual)
        }
    }
}

fn basket(body: &mut Members<'_, Json>, cart: Expected) -> Option<Basket> {
    let Some(items) = body.list("items") else { return Some(Basket::Cart) };
    if items.is_empty() || items.len() > Cart::MAX_LINES {
        let detail =
            format!("Must have 1 to {} elements; leave it out to order the cart.", Cart::MAX_LINES);
        body.refuse("items", "wrong_length", detail);
    }
    if cart != Expected::Any {
        let detail = "If-Match names the version of the cart; an order of `items` leaves it alone.";
        body.add(Some(Invalid::field("If-Match", "items_are_no_cart", detail)));
    }
    items.into_iter().collect::<Option<_>>().map(Basket::Items)
}
