//! Orders and their states.

mod history;
mod number;
mod shortage;
mod tokens;
mod tracking;
mod transition;

use std::fmt;

use deserr::Deserr;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::Duration;

use super::cart::CartLine;
use super::cart_key::CartKey;
use super::email::Email;
use super::ids::{OrderId, ProductId, UserId};
use super::invalid::Invalid;
use super::message::Event;
use super::money::Money;
use super::product::Options;
use super::quantity::Quantity;
use super::sku::Sku;
use super::stock;
use super::text::ProductName;
use super::time::Timestamp;
use super::totals::{Shipping, TaxShare, TaxTotal, Totals};
use super::user::Address;

pub use history::HistoryEntry;
pub use number::OrderNumber;
pub use shortage::{UnavailableLine, unavailable_lines};
pub use tokens::{ORDER_TOKEN_LIFETIME, OrderTokens};
pub use tracking::Tracking;
pub use transition::{
    Actor, Cause, Change, StockEffect, TRANSITIONS, Transition, TransitionRule, UnpaidOrderChange,
};

/// The state of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Deserr, JsonSchema)]
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

/// The state of an order's payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// The payment method of an order.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, Deserr, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[deserr(error = Invalid, rename_all = lowercase)]
pub enum PaymentMethod {
    /// Paid outside the shop, for example by bank transfer; an admin records the payment.
    #[default]
    Manual,
    /// Paid by card through the payment gateway.
    Card,
}

/// The most unpaid orders of one customer, each of which reserves stock.
pub const MAX_UNPAID_ORDERS: usize = 5;

impl OrderStatus {
    /// The states of an order that is not completed; an account with such an order can't be
    /// deleted.
    pub const OPEN: [Self; 5] =
        [Self::PendingPayment, Self::Paid, Self::Processing, Self::Shipped, Self::ReturnRequested];
}

impl PaymentMethod {
    /// How long after its placement an unpaid order expires: sooner if a guest placed it, because
    /// it holds units for somebody whom nobody knows.
    pub const fn payment_period(self, buyer: &Buyer) -> Duration {
        match (self, buyer) {
            (Self::Manual, Buyer::Customer(_)) => Duration::days(7),
            (Self::Manual, Buyer::Guest) => Duration::days(1),
            (Self::Card, Buyer::Customer(_)) => Duration::minutes(30),
            (Self::Card, Buyer::Guest) => Duration::minutes(15),
        }
    }
}

/// An order, as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Identifier; sorts by time.
    pub id: OrderId,
    /// State, payment and total: the part that the index for lists of orders holds as well.
    pub summary: OrderSummary,
    /// The order lines, at most one for each SKU.
    pub lines: Vec<OrderLine>,
    /// The shipping address, if there is one.
    pub shipping_address: Option<Address>,
    /// How the parcel travels; `None` until an admin says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking: Option<Tracking>,
    /// All states so far and the notes about them, oldest first.
    pub history: Vec<HistoryEntry>,
    /// The tokens by which a buyer without an account sees and changes it.
    #[serde(default, skip_serializing_if = "OrderTokens::is_empty")]
    pub tokens: OrderTokens,
    /// The key of the guest's cart that counts it among the unpaid orders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest_cart: Option<String>,
}

/// The state, payment and total of an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderSummary {
    /// The customer; `None` after the customer's account was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The e-mail address of the buyer when it was placed; `None` after the account was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// State.
    pub status: OrderStatus,
    /// State of the payment.
    pub payment_status: PaymentStatus,
    /// Payment method.
    pub payment_method: PaymentMethod,
    /// What the buyer pays: the lines, shipping, and the taxes that are not within them.
    pub total: Money,
    /// How it is shipped and what that costs; `None` if it has no shipping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Shipping>,
    /// Its taxes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<TaxTotal>,
    /// Whether the taxes are within the prices, instead of on top of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub prices_include_tax: bool,
    /// When it expires if it is still unpaid; `None` in every state but `pending_payment`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Version: 1 when placed, 1 higher after each change.
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
    /// State, payment and total.
    pub summary: OrderSummary,
    /// The order lines.
    pub lines: Vec<OrderLine>,
}

/// An order as the list of all orders shows it: without its lines.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct OrderHeader {
    /// Identifier.
    pub id: OrderId,
    /// State, payment and total.
    pub summary: OrderSummary,
}

impl From<Order> for ListedOrder {
    fn from(Order { id, summary, lines, .. }: Order) -> Self {
        Self { id, summary, lines }
    }
}

/// An order line: a copy of the variant's description and price at the time of the order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderLine {
    /// The variant's SKU.
    pub sku: Sku,
    /// The variant's product.
    pub product_id: ProductId,
    /// The product's name.
    pub name: ProductName,
    /// The variant's options, such as size and color.
    #[serde(default)]
    pub options: Options,
    /// The price of one unit.
    pub unit_price: Money,
    /// The number of units.
    pub quantity: Quantity,
    /// The tax of all units; `None` if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax: Option<TaxShare>,
    /// Whether its units were taken from stock, so that cancelling returns them. False if the
    /// variant's stock was not tracked when the order was placed.
    #[serde(default = "stock::is_tracked_by_default", skip_serializing_if = "is_true")]
    pub took_units: bool,
    /// The number of units that were refunded.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refunded_quantity: u32,
    /// The number of units that were returned to stock.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub restocked_quantity: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_true(flag: &bool) -> bool {
    *flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Who places an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Buyer {
    /// A customer.
    Customer(UserId),
    /// Somebody without an account, or who has not logged in.
    Guest,
}

/// The data of an order to place.
#[derive(Debug)]
pub struct NewOrder {
    /// Identifier.
    pub id: OrderId,
    /// Who places it.
    pub buyer: Buyer,
    /// The buyer's e-mail address.
    pub email: Option<Email>,
    /// The cart that counts it among the unpaid orders; `None` for a guest without a cart.
    pub cart: Option<CartKey>,
    /// The digest of the token by which a guest sees and changes it.
    pub token_digest: Option<String>,
    /// The lines: at least one, at most one for each SKU.
    pub lines: Vec<CartLine>,
    /// What these lines cost, with shipping and taxes.
    pub totals: Totals,
    /// Payment method.
    pub payment_method: PaymentMethod,
    /// The shipping address, if there is one.
    pub shipping_address: Option<Address>,
}

impl Buyer {
    /// The customer; `None` for a guest.
    pub const fn customer(self) -> Option<UserId> {
        match self {
            Self::Customer(user) => Some(user),
            Self::Guest => None,
        }
    }
}

impl Order {
    /// The number that people read out.
    pub fn number(&self) -> OrderNumber {
        OrderNumber::of(self.id)
    }

    /// Whether nothing has to be paid for it.
    pub const fn is_free(&self) -> bool {
        self.summary.total.amount() == 0
    }

    /// Whether it waits for its payment although the time for that is over.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        let is_pending = self.summary.status == OrderStatus::PendingPayment;
        is_pending && self.summary.expires_at.is_some_and(|at| at <= now)
    }

    /// The cart that counts the order among the unpaid ones; `None` if none does, or if the
    /// customer's account was deleted.
    pub fn cart(&self) -> Option<CartKey> {
        let customer = self.summary.user_id.map(CartKey::Customer);
        customer.or_else(|| self.guest_cart.clone().map(CartKey::Guest))
    }

    /// Returns the transition that places an order: it removes the units from stock, and the order
    /// is unpaid. An order with a total of 0 is `paid` at once and does not count as an unpaid
    /// order.
    pub fn place(new: NewOrder, now: Timestamp) -> Transition {
        let Totals { line_taxes, shipping, taxes, prices_include_tax, total, .. } = new.totals;
        let mut line_taxes = line_taxes.into_iter();
        let lines = new.lines.into_iter().map(|line| {
            let tax = line_taxes.next().flatten();
            OrderLine { tax, ..OrderLine::from(line) }
        });
        let lines = lines.collect();
        let is_free = total.amount() == 0;
        let (status, payment_status) = match is_free {
            true => (OrderStatus::Paid, PaymentStatus::Paid),
            false => (OrderStatus::PendingPayment, PaymentStatus::Unpaid),
        };
        let cart = new.cart.filter(|_| !is_free);
        // Nothing is charged for a free order.
        let payment_method = if is_free { PaymentMethod::Manual } else { new.payment_method };
        let order = Self {
            id: new.id,
            summary: OrderSummary {
                user_id: new.buyer.customer(),
                email: new.email,
                status,
                payment_status,
                payment_method,
                total,
                shipping,
                taxes,
                prices_include_tax,
                expires_at: (!is_free).then(|| now.plus(payment_method.payment_period(&new.buyer))),
                version: 1,
                placed_at: now,
                updated_at: now,
            },
            lines,
            shipping_address: new.shipping_address,
            tracking: None,
            history: vec![HistoryEntry { status, at: now, note: None }],
            tokens: OrderTokens { checkout: new.token_digest, mailed: Vec::new() },
            guest_cart: cart.as_ref().and_then(CartKey::guest_digest),
        };
        Transition {
            stock: order.stock_taken(now),
            unpaid: cart.map_or(UnpaidOrderChange::Unchanged, UnpaidOrderChange::Added),
            messages: vec![Event::OrderPlaced {
                order_id: order.id,
                user_id: order.summary.user_id,
            }],
            order,
        }
    }
}

impl OrderSummary {
    /// The sum of the lines: the rest of the total.
    pub fn subtotal(&self) -> Money {
        let shipping = self.shipping.as_ref().map_or(0, |shipping| shipping.price.amount());
        let tax = if self.prices_include_tax { 0 } else { self.tax().amount() };
        Money::new(self.total.amount() - shipping - tax, self.total.currency())
    }

    /// The sum of the taxes.
    pub fn tax(&self) -> Money {
        Money::sum(self.taxes.iter().map(|tax| tax.amount), self.total.currency())
    }
}

impl OrderLine {
    /// The units that were taken from stock and not returned.
    pub fn units_out(&self) -> u32 {
        let taken = if self.took_units { self.quantity.get() } else { 0 };
        taken.saturating_sub(self.restocked_quantity)
    }

    /// The price of all units.
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
            tax: None,
            took_units: line.track_stock,
            refunded_quantity: 0,
            restocked_quantity: 0,
        }
    }
}

impl fmt::Display for PaymentMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Manual => "manual",
            Self::Card => "card",
        })
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
