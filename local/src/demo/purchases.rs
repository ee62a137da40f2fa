//! The demo shopper's cart with one line, and an unpaid order.

use shared::Ctx;
use shared::domain::basket::{Basket, RequestedItem, VariantSelector};
use shared::domain::cart::CartEdit;
use shared::domain::ids::OrderId;
use shared::domain::order::PaymentMethod;
use shared::domain::quantity::Quantity;
use shared::domain::sku::Sku;
use shared::domain::version::ExpectedVersion;
use shared::services::cart_edits;
use shared::services::checkout::{self, Checkout};
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

    if cart_edits::view(ctx, buyer.into()).await?.cart.lines.is_empty() {
        let fill = CartEdit::Add(sku(IN_THE_CART)?, one);
        cart_edits::edit(ctx, buyer.into(), &fill, &ExpectedVersion::Any).await?;
    }

    let checkout = Checkout {
        id: order_id(),
        user_id: buyer,
        basket: Basket::Items(vec![RequestedItem { which: sku(ORDERED)?, quantity: one }]),
        cart: ExpectedVersion::Any,
        payment_method: PaymentMethod::Manual,
        shipping_address: None,
        expected_total: None,
        idempotency: None,
    };
    let admitted = std::future::ready(Ok(()));
    checkout::place_order(ctx, &checkout, admitted).await.map(drop)
}

fn sku(text: &str) -> shared::Result<VariantSelector> {
    let sku = Sku::parse(text.to_owned());
    sku.map(VariantSelector::Sku).map_err(|refused| shared::Error::internal(refused.detail))
}
