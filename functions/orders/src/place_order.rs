//! `POST /orders`: places an order from the caller's cart, or from `items`.
//!
//! Customers; the body may be missing. 409 `out_of_stock` and `unavailable` list every such line;
//! `price_changed` where `expected_total` differs; `cart_empty`; `too_many_unpaid_orders`. With an
//! `Idempotency-Key` the same request again answers with the same order, and does not count; 429
//! for too many others.

use deserr::Deserr;
use shared::domain::basket::{Basket, RequestedItem, VariantSelector};
use shared::domain::cart::Cart;
use shared::domain::idempotency::Idempotency;
use shared::domain::ids::{OrderId, ProductId, UserId};
use shared::domain::invalid::Invalid;
use shared::domain::money::Money;
use shared::domain::order::PaymentMethod;
use shared::domain::quantity::Quantity;
use shared::domain::rate_limit::RateLimit;
use shared::domain::sku::Sku;
use shared::domain::user::Address;
use shared::domain::version::Expected;
use shared::http::{Request, Response};
use shared::services::checkout::{self, Checkout};
use shared::services::idempotency::{Once, once};
use shared::{Ctx, Result};

use crate::view::OrderView;

#[derive(Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    #[deserr(default)]
    items: Option<Vec<Item>>,
    #[deserr(default)]
    payment_method: Option<PaymentMethod>,
    #[deserr(default)]
    payment_token: Option<String>,
    #[deserr(default)]
    shipping_address: Option<Address>,
    #[deserr(default)]
    expected_total: Option<Money>,
}

#[derive(Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Item {
    #[deserr(default)]
    sku: Option<Sku>,
    #[deserr(default)]
    product_id: Option<ProductId>,
    quantity: Quantity,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;
    let json = request.body_or_empty()?;
    let key = request.idempotency(&json)?;
    let limiter = request.limiter(ctx);

    let place = async {
        let body: Body = json.read()?;
        let checkout = body.checkout(ctx, caller.user_id, request.if_match()?, key.clone())?;
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
    /// What is asked for; every rule that it breaks is named.
    fn checkout(
        self,
        ctx: &Ctx,
        user_id: UserId,
        cart: Expected,
        idempotency: Option<Idempotency>,
    ) -> Result<Checkout, Invalid> {
        let payment_method = self.payment_method();
        let currency = self
            .expected_total
            .map_or(Ok(()), |total| total.in_shop_currency(ctx.currency(), "/expected_total"));
        let names_a_cart = match (&self.items, cart) {
            (None, _) | (_, Expected::Any) => None,
            (Some(_), _) => Some(Invalid::field(
                "If-Match",
                "items_are_no_cart",
                "If-Match names the version of the cart; an order of `items` has none.",
            )),
        };
        let basket = self.items.map_or(Ok(Basket::Cart), basket);
        let broken = [payment_method.clone().err(), currency.err(), basket.as_ref().err().cloned()];
        Invalid::collect(broken.into_iter().flatten().chain(names_a_cart))?;
        Ok(Checkout {
            id: OrderId::new(ctx.now()),
            user_id,
            payment_method: payment_method?,
            basket: basket?,
            cart,
            shipping_address: self.shipping_address,
            expected_total: self.expected_total,
            idempotency,
        })
    }

    /// The only method so far is `manual`.
    fn payment_method(&self) -> Result<PaymentMethod, Invalid> {
        match self.payment_method {
            Some(PaymentMethod::Card) => Err(Invalid::field(
                "/payment_method",
                "payment_method_unavailable",
                "This shop does not take cards; use `manual`.",
            )),
            _ if self.payment_token.is_some() => Err(Invalid::field(
                "/payment_token",
                "unexpected",
                "Only a payment by card takes a token.",
            )),
            _ => Ok(PaymentMethod::Manual),
        }
    }
}

fn basket(items: Vec<Item>) -> Result<Basket, Invalid> {
    if items.is_empty() || items.len() > Cart::MAX_LINES {
        let detail =
            format!("Must have 1 to {} elements; leave it out to order the cart.", Cart::MAX_LINES);
        return Err(Invalid::field("/items", "wrong_length", detail));
    }
    let (mut wanted, mut broken) = (Vec::with_capacity(items.len()), Vec::new());
    for (index, Item { sku, product_id, quantity }) in items.into_iter().enumerate() {
        match VariantSelector::one_of(sku, product_id, &format!("/items/{index}")) {
            Ok(which) => wanted.push(RequestedItem { which, quantity }),
            Err(invalid) => broken.push(invalid),
        }
    }
    Invalid::collect(broken)?;
    Ok(Basket::Items(wanted))
}
