//! The cart in responses.

use schemars::JsonSchema;
use serde::Serialize;
use shared::Result;
use shared::auth::cart_token::CartToken;
use shared::domain::cart::{CartLine, LineProblem, StockedCart};
use shared::domain::destination::{Destination, DestinationSource, ShippingOption};
use shared::domain::ids::{CartId, ProductId};
use shared::domain::money::{Currency, Money};
use shared::domain::product::{Options, Variant};
use shared::domain::quantity::{Quantity, Stock};
use shared::domain::settings::Settings;
use shared::domain::sku::Sku;
use shared::domain::text::{ProductName, WebUrl};
use shared::domain::time::Timestamp;
use shared::domain::totals::{ChargedLine, TaxTotal};
use shared::http::Response;
use shared::http::contract::Success;
use shared::http::shipping_view::ShippingView;
use shared::services::shopper::Shopper;

/// A cart with current prices. Lines that are no longer sold cost nothing; `item_count` is the number
/// of units in all lines.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Cart")]
struct CartView {
    /// The cart's identifier; null for a guest without a cart.
    id: Option<CartId>,
    items: Vec<LineView>,
    /// The sum of the lines, without shipping and taxes on top.
    subtotal: Money,
    /// The units of all lines.
    item_count: u32,
    /// Raised by every change; part of the `ETag`. 0 if the cart was never used.
    version: u64,
    /// Null if the cart was never used.
    updated_at: Option<Timestamp>,
    /// What an order would cost, if the request names a destination.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    totals: Option<TotalsView>,
}

/// What an order of the cart would cost at a destination.
#[derive(Serialize, JsonSchema)]
struct TotalsView {
    /// The shipping methods for the cart and the country.
    shipping_methods: Vec<ShippingOption>,
    /// Shipping by the method that the request names; null without one.
    shipping: Option<ShippingView>,
    /// The sum of the taxes.
    tax: Money,
    /// The taxes of the lines and of shipping.
    taxes: Vec<TaxTotal>,
    /// What the buyer would pay.
    total: Money,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CartLine")]
struct LineView {
    sku: Sku,
    product_id: ProductId,
    name: ProductName,
    image: Option<WebUrl>,
    #[serde(serialize_with = "Options::as_object")]
    #[schemars(with = "Options")]
    options: Options,
    /// What one unit costs now.
    unit_price: Money,
    quantity: Quantity,
    /// `unit_price` times `quantity`.
    line_total: Money,
    /// The units in stock; null if any number can be bought.
    available: Option<Stock>,
    /// Why the line can't be ordered as it is, or what has changed since it was put in.
    problem: Option<LineProblem>,
}

/// The response of every route of the cart.
pub(crate) fn success() -> Success {
    Success::ok::<CartView>("The cart.").versioned()
}

/// What the header `Cart-Token` does.
pub(crate) const CART_TOKEN: &str = "The token of a guest's cart, from the response that created it. An \
    unknown or expired one counts as none. With an access token too, that cart is merged into the \
    customer's first.";

/// Creates the response 200 with a cart and its `ETag`, and with the token of a new guest's cart.
pub(crate) fn answer(
    stocked: &StockedCart,
    shopper: &Shopper,
    new_token: Option<&CartToken>,
    currency: Currency,
) -> Result<Response> {
    let view = CartView::new(stocked, shopper, currency);
    let response = Response::ok(&view)?.version(stocked.cart.version);
    Ok(match new_token {
        Some(token) => response.header("cart-token", &token.write()),
        None => response,
    })
}

/// Creates the response 200 with a cart, its `ETag`, and what an order of it would cost at a
/// destination. 422 if the shop can't say it; see [`Settings::charges`].
pub(crate) fn answer_for(
    stocked: &StockedCart,
    shopper: &Shopper,
    to: &Destination,
    settings: &Settings,
    currency: Currency,
) -> Result<Response> {
    let view = CartView::new(stocked, shopper, currency);
    let charges = settings.charges(to, view.subtotal, &DestinationSource::CART_QUERY);
    let totals = charges?.totals(charged(stocked), currency);
    let totals = TotalsView {
        shipping_methods: settings.shipping_options(to.place.as_ref(), view.subtotal),
        tax: totals.tax(),
        shipping: totals.shipping.map(ShippingView::from),
        taxes: totals.taxes,
        total: totals.total,
    };
    let view = CartView { totals: Some(totals), ..view };
    Ok(Response::ok(&view)?.version(stocked.cart.version))
}

/// Returns the lines that can be ordered, at the prices of now.
fn charged(stocked: &StockedCart) -> impl Iterator<Item = ChargedLine<'_>> {
    let charged = |line: &CartLine| {
        let variant = stocked.variant(line).filter(|variant| variant.is_on_sale())?;
        let total = variant.price.times(line.quantity.get());
        Some(ChargedLine { total, tax_class: variant.tax_class.as_ref() })
    };
    stocked.cart.lines.iter().filter_map(charged)
}

impl CartView {
    fn new(stocked: &StockedCart, shopper: &Shopper, currency: Currency) -> Self {
        let cart = &stocked.cart;
        let line = |line: &CartLine| LineView::of(line, stocked.variant(line));
        Self {
            id: (cart.version > 0 || shopper.user.is_some()).then_some(cart.id),
            items: cart.lines.iter().map(line).collect(),
            subtotal: Money::sum(charged(stocked).map(|line| line.total), currency),
            item_count: cart.lines.iter().map(|line| line.quantity.get()).sum(),
            version: cart.version,
            updated_at: cart.updated_at,
            totals: None,
        }
    }
}

impl LineView {
    /// Creates the view of a line: with the variant's current data if it is on sale, else with the
    /// data that the line holds.
    fn of(line: &CartLine, variant: Option<&Variant>) -> Self {
        let on_sale = variant.filter(|variant| variant.is_on_sale());
        let unit_price = on_sale.map_or(line.unit_price, |variant| variant.price);
        Self {
            sku: line.sku.clone(),
            product_id: line.product_id,
            name: on_sale.map_or(&line.name, |variant| &variant.name).clone(),
            image: on_sale.map_or(&line.image, |variant| &variant.image).clone(),
            options: on_sale.map_or(&line.options, |variant| &variant.options).clone(),
            unit_price,
            quantity: line.quantity,
            line_total: unit_price.times(line.quantity.get()),
            available: on_sale.map_or(Some(Stock::default()), Variant::units_left),
            problem: line.problem(variant),
        }
    }
}
