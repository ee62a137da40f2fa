//! The body of `POST /orders`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use shared::Ctx;
use shared::domain::basket::{Basket, RequestedItem};
use shared::domain::cart::Cart;
use shared::domain::idempotency::Idempotency;
use shared::domain::ids::{OrderId, UserId};
use shared::domain::invalid::Invalid;
use shared::domain::json::Json;
use shared::domain::members::Members;
use shared::domain::money::{Currency, Money, Total};
use shared::domain::order::PaymentMethod;
use shared::domain::problem_code::ProblemCode;
use shared::domain::schema;
use shared::domain::user::Address;
use shared::domain::version::ExpectedVersion;
use shared::services::checkout::Checkout;

/// A valid body.
pub(crate) struct OrderBody {
    basket: Basket,
    payment_method: PaymentMethod,
    shipping_address: Option<Address>,
    expected_total: Option<Money>,
}

impl OrderBody {
    /// Reads a body; 422 with every invalid member and every broken rule. `cart` is the request's
    /// `If-Match`, which is allowed only if the cart is ordered.
    pub fn read(body: Json, cart: &ExpectedVersion, currency: Currency) -> Result<Self, Invalid> {
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

    /// Converts the body to the input of the checkout, with a new order identifier.
    pub fn checkout(
        self,
        ctx: &Ctx,
        user_id: UserId,
        cart: ExpectedVersion,
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

impl JsonSchema for OrderBody {
    fn schema_name() -> Cow<'static, str> {
        "OrderBody".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = schema::Object::new(generator)
            .list::<RequestedItem>("items", 1, Cart::MAX_LINES)
            .optional::<PaymentMethod>("payment_method")
            .optional::<String>("payment_token")
            .optional::<Address>("shipping_address")
            .optional::<Total>("expected_total")
            .build();
        let codes = [
            ProblemCode::WrongLength,
            ProblemCode::PaymentMethodUnavailable,
            ProblemCode::Unexpected,
        ];
        schema::refuse(&mut schema, &codes);
        schema
    }
}

/// Reads `payment_method`, whose default is `manual`, the only supported method so far.
fn payment_method(body: &mut Members<'_, Json>) -> Option<PaymentMethod> {
    let method = body.optional("payment_method");
    let token: Option<String> = body.optional("payment_token");
    match method {
        Some(PaymentMethod::Card) => {
            let detail = "This shop does not take cards; use `manual`.";
            body.add_error("payment_method", ProblemCode::PaymentMethodUnavailable, detail);
            None
        }
        None if body.has("payment_method") => None,
        Some(PaymentMethod::Manual) | None => {
            if token.is_some() {
                let detail = "Only a payment by card takes a token.";
                body.add_error("payment_token", ProblemCode::Unexpected, detail);
            }
            Some(PaymentMethod::Manual)
        }
    }
}

/// Reads `items`; without them the cart is ordered.
fn basket(body: &mut Members<'_, Json>, cart: &ExpectedVersion) -> Option<Basket> {
    let Some(items) = body.list("items") else { return Some(Basket::Cart) };
    if items.is_empty() || items.len() > Cart::MAX_LINES {
        let detail =
            format!("Must have 1 to {} elements; leave it out to order the cart.", Cart::MAX_LINES);
        body.add_error("items", ProblemCode::WrongLength, detail);
    }
    if *cart != ExpectedVersion::Any {
        let detail =
            "If-Match names a version of the cart, but an order of `items` does not use the cart.";
        body.add(Some(Invalid::for_field("If-Match", ProblemCode::ItemsAreNoCart, detail)));
    }
    items.into_iter().collect::<Option<_>>().map(Basket::Items)
}
