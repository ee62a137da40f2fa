//! What customers have bought, by which their reviews are verified.

use std::collections::BTreeMap;

use crate::domain::ids::{OrderId, ProductId, UserId};
use crate::domain::order::{Order, OrderStatus, PaymentStatus};

/// That a customer has bought a product with an order, or not any more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purchase {
    /// The customer.
    pub user_id: UserId,
    /// The product.
    pub product_id: ProductId,
    /// The order.
    pub order_id: OrderId,
    /// The order's version that says so: a later one counts.
    pub order_version: u64,
    /// Whether the customer has paid for a unit, or got it, and not all of them were refunded.
    pub is_kept: bool,
}

/// Returns what an order says about its customer's purchases, one for each product; none if it has no
/// customer.
pub fn purchases(order: &Order) -> Vec<Purchase> {
    let Some(user_id) = order.summary.user_id else { return Vec::new() };
    let is_paid = matches!(
        order.summary.payment_status,
        PaymentStatus::Paid | PaymentStatus::PartiallyRefunded
    );
    let is_bought = is_paid || order.summary.status == OrderStatus::Delivered;
    let mut kept: BTreeMap<ProductId, bool> = BTreeMap::new();
    for line in &order.lines {
        let has_units = line.refunded_quantity < line.quantity.get();
        *kept.entry(line.product_id).or_default() |= is_bought && has_units;
    }
    let purchase = |(product_id, is_kept)| Purchase {
        user_id,
        product_id,
        order_id: order.id,
        order_version: order.summary.version,
        is_kept,
    };
    kept.into_iter().map(purchase).collect()
}
