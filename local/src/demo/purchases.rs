//! The demo shopper's cart with one line, and an unpaid order.

use shared::Ctx;
use shared::domain::basket::{Basket, RequestedItem, VariantSelector};
use shared::domain::cart::CartEdit;
use shared::domain::cart_key::CartKey;
use shared::domain::ids::OrderId;
use shared::domain::order::{Buyer, PaymentMethod};
use shared::domain::quantity::Quantity;
use shared::domain::sku::Sku;
use shared::domain::version::ExpectedVersion;
use shared::services::cart_edits;
use shared::services::checkout::{self, Checkout};
use shared::services::shopper::Shopper;
use uuid::Builder;

use super::accounts::Account;
use super::products::DEMO_END;

/// The SKU in the cart.
const IN_THE_CART: &str = "KNT-001-OATMEAL-M";
/// The SKU in the order.
const ORDERED: &str = "KNT-001-OATMEAL-L";

/// Returns the order's ID, the same on every machine.
pub(super) fn order_id() -> OrderId {
    OrderId::from_uuid(Builder::from_unix_timestamp_millis(DEMO_END, &[1; 10]).into_uuid())
}

/// Fills the cart and places the order.
pub(super) async fn create(ctx: &Ctx, account: &Account) -> shared::Result<()> {
    let buyer = account.user_id();
    let one = Quantity::new(1).ok_or_else(|| shared::Error::internal("1 is a quantity"))?;

    let shopper = Shopper { user: Some(buyer), token: None };
    if cart_edits::view(ctx, &shopper).await?.cart.lines.is_empty() {
        let fill = CartEdit::Add(sku(IN_THE_CART)?, one);
        cart_edits::edit(ctx, &shopper, &fill, &ExpectedVersion::Any, None).await?;
    }

    let checkout = Checkout {
        id: order_id(),
        buyer: Buyer::Customer(buyer),
        cart: Some(CartKey::Customer(buyer)),
        email: None,
        token_digest: None,
        basket: Basket::Items(vec![RequestedItem { which: sku(ORDERED)?, quantity: one }]),
        cart_version: ExpectedVersion::Any,
        payment_method: Some(PaymentMethod::Manual),
        shipping_address: None,
        shipping_method: None,
        expected_total: None,
        idempotency: None,
    };
    checkout::place_order(ctx, &checkout, None).await.map(drop)
}

fn sku(text: &str) -> shared::Result<VariantSelector> {
    let sku = Sku::parse(text.to_owned());
    sku.map(VariantSelector::Sku).map_err(|refused| shared::Error::internal(refused.detail))
}
