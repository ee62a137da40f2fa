//! The shipping of an order in responses.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::money::Money;
use crate::domain::settings::ShippingMethodId;
use crate::domain::text::Label;
use crate::domain::totals::Shipping;

/// The shipping of an order.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Shipping")]
pub struct ShippingView {
    /// The shipping method's identifier.
    id: ShippingMethodId,
    /// Its name.
    name: Label,
    /// What it costs.
    price: Money,
    /// Its tax.
    tax: Money,
}

impl From<Shipping> for ShippingView {
    fn from(Shipping { id, name, price, tax }: Shipping) -> Self {
        let nothing = Money::new(0, price.currency());
        Self { id, name, price, tax: tax.map_or(nothing, |tax| tax.amount) }
    }
}
