//! Orders: what was bought, and the states an order goes through.

mod shortage;
mod transition;

use std::fmt;

use deserr::Deserr;
use serde::{Deserialize, Serialize};
use time::Duration;

use super::cart::CartLine;
use super::ids::{OrderId, ProductId, UserId};
use super::invalid::Invalid;
use super::message::Event;
use super::money::{Currency, Money};
use super::product::Options;
use super::quantity::Quantity;
use super::sku::Sku;
use super::text::Name;
use super::time::Timestamp;
use super::user::Address;

pub use shortage::{MissingLine, cannot_buy};
pub use transition::{
    Actor, Cause, Change, Row, StockEffect, TRANSITIONS, Transition, UnpaidPlace,
};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Deserr)]
#[serde(rename_all = "snake_case")]
#[deserr(error = Invalid, rename_all = lowercase)]
#[expect(missing_docs, reason = "the names are the field's")]
pub enum OrderStatus {
    #[deserr(rename = "pending_payment")]
    PendingPayment,
    Paid,
    Processing,
    Shipped,
    Delivered,
    #[deserr(rename = "return_requested")]
    ReturnRequested,
    Returned,
    Cancelled,
    Expired,
}

/// Where the money of an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the field's")]
pub enum PaymentStatus {
    Unpaid,
    Authorized,
    Paid,
    Failed,
    Voided,
    PartiallyRefunded,
    Refunded,
}

/// How an order is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[serde(rename_all = "snake_case")]
#[deserr(error = Invalid, rename_all = lowercase)]
pub enum PaymentMethod {
    /// Outside the shop: bank transfer, cash on delivery. An admin records it.
    Manual,
    /// Through the payment gateway.
    Card,
}

/// The most unpaid orders of one customer: each of them keeps stock from everybody else.
pub const MAX_UNPAID_ORDERS: usize = 5;

impl OrderStatus {
    /// Those in which an order is on its way to something.
    pub const OPEN: [Self; 5] =
        [Self::PendingPayment, Self::Paid, Self::Processing, Self::Shipped, Self::ReturnRequested];
}

impl PaymentMethod {
    /// How long an order waits for its money.
    pub const fn payment_period(self) -> Duration {
        match self {
            Self::Manual => Duration::days(7),
            Self::Card => Duration::minutes(30),
        }
    }
}

/// What was bought, and how it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Identifier; sorts by time.
    pub id: OrderId,
    /// How it stands: what every list of orders shows.
    pub summary: OrderSummary,
    /// What was bought; one line a SKU.
    pub lines: Vec<OrderLine>,
    /// Where it goes.
    pub shipping_address: Option<Address>,
    /// Every state so far, oldest first.
    pub history: Vec<HistoryEntry>,
}

/// How an order stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderSummary {
    /// Who bought; `None` once they have deleted their account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Where its money stands.
    pub payment_status: PaymentStatus,
    /// How it is paid.
    pub payment_method: PaymentMethod,
    /// The sum of the lines.
    pub total: Money,
    /// When it expires unpaid; `None` once that can't happen any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Counts the changes, from 1.
    pub version: u64,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// An order as its customer's history lists it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ListedOrder {
    /// Identifier.
    pub id: OrderId,
    /// How it stands.
    pub summary: OrderSummary,
    /// What was bought.
    pub lines: Vec<OrderLine>,
}

impl From<Order> for ListedOrder {
    fn from(Order { id, summary, lines, .. }: Order) -> Self {
        Self { id, summary, lines }
    }
}

/// One line of an order: what was bought, as it was then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderLine {
    /// The variant.
    pub sku: Sku,
    /// Its product.
    pub product_id: ProductId,
    /// The product's name.
    pub name: Name,
    /// What distinguishes the variant.
    #[serde(default)]
    pub options: Options,
    /// What one cost.
    pub unit_price: Money,
    /// How many.
    pub quantity: Quantity,
    /// How many of them were refunded.
    #[serde(default)]
    pub refunded_quantity: u32,
}

/// A state that an order came into.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The state.
    pub status: OrderStatus,
    /// Since when.
    pub at: Timestamp,
    /// What somebody said about it.
    pub note: Option<String>,
}

/// What a customer asks to buy.
#[derive(Debug)]
pub struct NewOrder {
    /// Identifier.
    pub id: OrderId,
    /// Who buys.
    pub user_id: UserId,
    /// What; one line a SKU, at least one.
    pub lines: Vec<CartLine>,
    /// How it is paid.
    pub payment_method: PaymentMethod,
    /// Where it goes.
    pub shipping_address: Option<Address>,
}

impl Order {
    /// Places an order: its stock is taken, and its money is not there yet. One that costs nothing
    /// is paid at once, and takes no place among its customer's unpaid orders.
    pub fn place(new: NewOrder, currency: Currency, now: Timestamp) -> Transition {
        let lines: Vec<_> = new.lines.into_iter().map(OrderLine::from).collect();
        let total = Money::sum(lines.iter().map(OrderLine::total), currency);
        let is_free = total.amount() == 0;
        let (status, payment_status) = match is_free {
            true => (OrderStatus::Paid, PaymentStatus::Paid),
            false => (OrderStatus::PendingPayment, PaymentStatus::Unpaid),
        };
        let order = Self {
            id: new.id,
            summary: OrderSummary {
                user_id: Some(new.user_id),
                status,
                payment_status,
                payment_method: new.payment_method,
                total,
                expires_at: (!is_free).then(|| now.plus(new.payment_method.payment_period())),
                version: 1,
                placed_at: now,
                updated_at: now,
            },
            lines,
            shipping_address: new.shipping_address,
            history: vec![HistoryEntry { status, at: now, note: None }],
        };
        Transition {
            stock: order.stock_taken(now),
            unpaid: match is_free {
                true => UnpaidPlace::Untouched,
                false => UnpaidPlace::Taken(new.user_id),
            },
            messages: vec![Event::OrderPlaced { order_id: order.id, user_id: new.user_id }],
            order,
        }
    }
}

impl OrderLine {
    /// What the line costs.
    pub const fn total(&self) -> Money {
        self.unit_price.times(self.quantity.get())
    }
}

impl From<CartLine> for OrderLine {
    fn from(line: CartLine) -> Self {
        Self {
            sku: line.sku,
            product_id: line.product_id,
            name: line.name,
            options: line.options,
            unit_price: line.unit_price,
            quantity: line.quantity,
            refunded_quantity: 0,
        }
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PendingPayment => "pending_payment",
            Self::Paid => "paid",
            Self::Processing => "processing",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::ReturnRequested => "return_requested",
            Self::Returned => "returned",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        })
    }
}
