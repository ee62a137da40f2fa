//! What the demo shopper has done so far: one line in the cart, and one order not yet paid.

use shared::domain::basket::{Basket, RequestedItem, VariantSelector};
use shared::domain::cart::CartEdit;
use shared::domain::ids::OrderId;
use shared::domain::money::Currency;
use shared::domain::order::PaymentMethod;
use shared::domain::quantity::Quantity;
use shared::domain::sku::Sku;
use shared::domain::time::Timestamp;
use shared::domain::version::Expected;
use shared::store::Store;
use shared::store::orders::Checkout;
use uuid::Builder;

use super::accounts::Account;
use super::products::CLOSING;

/// What is in the cart.
const IN_THE_CART: &str = "KNT-001-OATMEAL-M";
/// What was ordered.
const ORDERED: &str = "KNT-001-OATMEAL-L";

/// The order's identifier.
pub(super) fn order_id() -> OrderId {
    OrderId::from_uuid(Builder::from_unix_timestamp_millis(CLOSING, &[1; 10]).into_uuid())
}

/// Fills the cart and places the order.
pub(super) async fn make(
    store: &Store,
    currency: Currency,
    account: &Account,
) -> shared::Result<()> {
    let (buyer, now) = (account.user_id(), Timestamp::from_unix_millis(CLOSING as i64));
    let one = Quantity::new(1).ok_or_else(|| shared::Error::internal("1 is a quantity"))?;

    if store.cart(buyer.into()).await?.cart.lines.is_empty() {
        let fill = CartEdit::Add(sku(IN_THE_CART)?, one);
        store.edit_cart(buyer.into(), &fill, Expected::Any, now).await?;
    }

    let checkout = Checkout {
        id: order_id(),
        user_id: buyer,
        basket: Basket::Items(vec![RequestedItem { which: sku(ORDERED)?, quantity: one }]),
        payment_method: PaymentMethod::Manual,
        shipping_address: None,
        expected_total: None,
        idempotency: None,
    };
    let admitted = std::future::ready(Ok(()));
    store.place_order(&checkout, admitted, currency, now).await?;
    Ok(())
}

fn sku(text: &str) -> shared::Result<VariantSelector> {
    let sku = Sku::parse(text.to_owned());
    sku.map(VariantSelector::Sku).map_err(|refused| shared::Error::internal(refused.detail))
}
