//! The body of `POST /orders`.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use shared::domain::basket::{Basket, RequestedItem};
use shared::domain::cart::Cart;
use shared::domain::email::Email;
use shared::domain::invalid::Invalid;
use shared::domain::json::Json;
use shared::domain::members::Members;
use shared::domain::money::{Currency, Money, Total};
use shared::domain::order::PaymentMethod;
use shared::domain::problem_code::ProblemCode;
use shared::domain::schema;
use shared::domain::settings::ShippingMethodId;
use shared::domain::user::Address;
use shared::domain::version::ExpectedVersion;

/// A valid body.
pub(crate) struct OrderBody {
    pub basket: Basket,
    pub email: Option<Email>,
    pub payment_method: Option<PaymentMethod>,
    pub shipping_address: Option<Address>,
    pub shipping_method: Option<ShippingMethodId>,
    pub expected_total: Option<Money>,
}

impl OrderBody {
    /// Reads a body; 422 with every invalid member and every broken rule. `cart` is the request's
    /// `If-Match`, which is allowed only if the cart is ordered.
    pub fn read(
        body: Json,
        cart: &ExpectedVersion,
        is_guest: bool,
        currency: Currency,
    ) -> Result<Self, Invalid> {
        let mut body = Members::of_body(body)?;
        let basket = basket(&mut body, cart);
        let email = email(&mut body, is_guest);
        let payment_method = payment_method(&mut body);
        let shipping_address = body.optional("shipping_address");
        let shipping_method = body.optional("shipping_method");
        let expected_total = body.optional("expected_total").map(Total::money);
        let pointer = body.pointer("expected_total");
        body.add(expected_total.and_then(|total| total.in_shop_currency(currency, &pointer).err()));
        body.finish(|| {
            Some(Self {
                basket: basket?,
                email,
                payment_method,
                shipping_address,
                shipping_method,
                expected_total,
            })
        })
    }
}

impl JsonSchema for OrderBody {
    fn schema_name() -> Cow<'static, str> {
        "OrderBody".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = schema::Object::new(generator)
            .list::<RequestedItem>("items", 1, Cart::MAX_LINES)
            .optional::<Email>("email")
            .optional::<PaymentMethod>("payment_method")
            .optional::<String>("payment_token")
            .optional::<Address>("shipping_address")
            .optional::<ShippingMethodId>("shipping_method")
            .optional::<Total>("expected_total")
            .build();
        let codes = [
            ProblemCode::WrongLength,
            ProblemCode::PaymentMethodNotEnabled,
            ProblemCode::Unexpected,
        ];
        schema::refuse(&mut schema, &codes);
        schema
    }
}

/// Reads `email`, which a guest has to name; a customer's account has one.
fn email(body: &mut Members<'_, Json>, is_guest: bool) -> Option<Email> {
    let email = body.optional("email");
    if is_guest && !body.has("email") {
        let detail = "A guest names an e-mail address, to which the order's mails go; or log in.";
        body.add_error("email", ProblemCode::Required, detail);
    }
    if !is_guest && email.is_some() {
        let detail = "The order goes to your account's e-mail address; leave `email` out.";
        body.add_error("email", ProblemCode::Unexpected, detail);
        return None;
    }
    email
}

/// Reads `payment_method`, and a `payment_token`, which only a payment by card takes.
fn payment_method(body: &mut Members<'_, Json>) -> Option<PaymentMethod> {
    let method = body.optional("payment_method");
    let token: Option<String> = body.optional("payment_token");
    if token.is_some() && method != Some(PaymentMethod::Card) {
        let detail = "Only a payment by card takes a token.";
        body.add_error("payment_token", ProblemCode::Unexpected, detail);
    }
    method
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
