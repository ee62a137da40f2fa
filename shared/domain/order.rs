//! Orders: what was bought, and the states an order goes through.

use std::fmt;

use deserr::Deserr;
use serde::{Deserialize, Serialize};
use time::Duration;

use super::basket::{RequestedItem, VariantSelector};
use super::cart::CartLine;
use super::error::Conflict;
use super::ids::{OrderId, ProductId, UserId};
use super::invalid::Invalid;
use super::money::{Currency, Money};
use super::product::Options;
use super::quantity::Quantity;
use super::sku::Sku;
use super::text::Name;
use super::time::Timestamp;
use super::user::{Address, Role};

/// The most unpaid orders of one customer: each of them keeps stock from everybody else.
pub const MAX_UNPAID_ORDERS: usize = 5;

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

impl OrderStatus {
    /// Those in which an order is on its way to something.
    pub const OPEN: [Self; 5] =
        [Self::PendingPayment, Self::Paid, Self::Processing, Self::Shipped, Self::ReturnRequested];
}

impl PaymentMethod {
    /// How long an order waits for its money.
    pub const fn patience(self) -> Duration {
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
    /// Who bought; `None` once they have deleted their account.
    pub user_id: Option<UserId>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Where its money stands.
    pub payment_status: PaymentStatus,
    /// How it is paid.
    pub payment_method: PaymentMethod,
    /// What was bought; one line a SKU.
    pub lines: Vec<OrderLine>,
    /// The sum of the lines.
    pub total: Money,
    /// Where it goes.
    pub shipping_address: Option<Address>,
    /// Every state so far, oldest first.
    pub history: Vec<HistoryEntry>,
    /// When it expires unpaid; `None` once that can't happen any more.
    pub expires_at: Option<Timestamp>,
    /// Counts the changes, from 1.
    pub version: u64,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
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
    /// An order that has just been placed; its stock is taken, its money not yet there.
    pub fn place(new: NewOrder, currency: Currency, now: Timestamp) -> Self {
        let lines: Vec<_> = new.lines.into_iter().map(OrderLine::from).collect();
        Self {
            id: new.id,
            user_id: Some(new.user_id),
            status: OrderStatus::PendingPayment,
            payment_status: PaymentStatus::Unpaid,
            payment_method: new.payment_method,
            total: Money::sum(lines.iter().map(OrderLine::total), currency),
            lines,
            shipping_address: new.shipping_address,
            history: vec![HistoryEntry {
                status: OrderStatus::PendingPayment,
                at: now,
                note: None,
            }],
            expires_at: Some(now.plus(new.payment_method.patience())),
            version: 1,
            placed_at: now,
            updated_at: now,
        }
    }

    /// The same order, cancelled by somebody of this role while its money has not moved.
    pub fn cancel(&self, by: Role, now: Timestamp) -> Result<Self, Conflict> {
        if !self.allowed_transitions(by).contains(&OrderStatus::Cancelled) {
            return Err(self.illegal_transition(OrderStatus::Cancelled, by));
        }
        if !matches!(self.payment_status, PaymentStatus::Unpaid | PaymentStatus::Failed) {
            let detail = "The order's money has moved; it has to be given back first.";
            return Err(Conflict::new("refund_first", detail));
        }
        let mut history = self.history.clone();
        history.push(HistoryEntry { status: OrderStatus::Cancelled, at: now, note: None });
        Ok(Self {
            status: OrderStatus::Cancelled,
            payment_status: PaymentStatus::Voided,
            history,
            expires_at: None,
            version: self.version + 1,
            updated_at: now,
            ..self.clone()
        })
    }

    /// The states that somebody of this role can bring the order into next.
    pub fn allowed_transitions(&self, by: Role) -> Vec<OrderStatus> {
        use OrderStatus as S;
        let manual = self.payment_method == PaymentMethod::Manual;
        let admin = by == Role::Admin;
        match self.status {
            S::PendingPayment if admin && manual => vec![S::Paid, S::Processing, S::Cancelled],
            S::PendingPayment => vec![S::Cancelled],
            S::Paid if admin => vec![S::Processing, S::Cancelled],
            S::Paid => vec![S::Cancelled],
            S::Processing if admin => vec![S::Shipped, S::Cancelled],
            S::Shipped if admin => vec![S::Delivered],
            S::Delivered if !admin => vec![S::ReturnRequested],
            S::ReturnRequested if admin => vec![S::Returned, S::Delivered],
            S::Processing | S::Shipped | S::Delivered | S::ReturnRequested => vec![],
            S::Returned | S::Cancelled | S::Expired => vec![],
        }
    }

    fn illegal_transition(&self, to: OrderStatus, by: Role) -> Conflict {
        let allowed =
            self.allowed_transitions(by).iter().map(ToString::to_string).collect::<Vec<_>>();
        Conflict::new(
            "illegal_transition",
            format!("An order that is {} can't become {to}.", self.status),
        )
        .with("from", self.status.to_string())
        .with("to", to.to_string())
        .with("allowed", allowed)
    }
}

/// What a history shows of an order; the index holds nothing else.
#[derive(Debug, Clone, Deserialize)]
pub struct OrderSummary {
    /// Identifier.
    pub id: OrderId,
    /// Who bought.
    pub user_id: Option<UserId>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Where its money stands.
    pub payment_status: PaymentStatus,
    /// How it is paid.
    pub payment_method: PaymentMethod,
    /// What was bought.
    pub lines: Vec<OrderLine>,
    /// What it costs.
    pub total: Money,
    /// When it expires unpaid.
    pub expires_at: Option<Timestamp>,
    /// Counts the changes.
    pub version: u64,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl From<Order> for OrderSummary {
    fn from(order: Order) -> Self {
        Self {
            id: order.id,
            user_id: order.user_id,
            status: order.status,
            payment_status: order.payment_status,
            payment_method: order.payment_method,
            lines: order.lines,
            total: order.total,
            expires_at: order.expires_at,
            version: order.version,
            placed_at: order.placed_at,
            updated_at: order.updated_at,
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

/// A line that can't be bought, as problem documents list it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingLine {
    /// What was asked for: a SKU, or a product where no SKU was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// The product, where no SKU was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<ProductId>,
    /// How many were asked for.
    pub requested: u32,
    /// How many there are.
    pub available: u32,
}

impl MissingLine {
    /// An item that was asked for and is not there at all.
    pub fn of(item: &RequestedItem) -> Self {
        let (sku, product_id) = match &item.which {
            VariantSelector::Sku(sku) => (Some(sku.clone()), None),
            VariantSelector::OnlyVariantOf(product) => (None, Some(*product)),
        };
        Self { sku, product_id, requested: item.quantity.get(), available: 0 }
    }

    /// A line of which only so many units are there.
    pub fn of_line(line: &CartLine, available: u32) -> Self {
        let requested = line.quantity.get();
        Self { sku: Some(line.sku.clone()), product_id: None, requested, available }
    }
}

/// Some lines can't be bought: sold out, or no longer sold.
pub fn cannot_buy(code: &'static str, lines: &[MissingLine]) -> Conflict {
    let detail = match code {
        "out_of_stock" => "There is not enough left of some items; see `lines` for what there is.",
        _ => "Some items are not sold any more; see `lines`, and take them out.",
    };
    Conflict::new(code, detail).with("lines", serde_json::json!(lines))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::UserId;

    fn order(status: OrderStatus, payment_method: PaymentMethod) -> Order {
        let now = Timestamp::from_unix_millis(1_700_000_000_000);
        let new = NewOrder {
            id: OrderId::new(now),
            user_id: UserId::new(now),
            lines: vec![],
            payment_method,
            shipping_address: None,
        };
        let placed = Order::place(new, Currency::parse("USD".into()).unwrap(), now);
        Order { status, ..placed }
    }

    #[test]
    fn a_customer_cancels_until_the_order_is_being_processed() {
        use OrderStatus as S;
        for (status, customer, admin) in [
            (S::PendingPayment, true, true),
            (S::Paid, true, true),
            (S::Processing, false, true),
            (S::Shipped, false, false),
            (S::Delivered, false, false),
            (S::ReturnRequested, false, false),
            (S::Returned, false, false),
            (S::Cancelled, false, false),
            (S::Expired, false, false),
        ] {
            let order = order(status, PaymentMethod::Manual);
            let now = order.placed_at;
            assert_eq!(order.cancel(Role::Customer, now).is_ok(), customer, "customer, {status}");
            assert_eq!(order.cancel(Role::Admin, now).is_ok(), admin, "admin, {status}");
        }
    }

    #[test]
    fn an_order_whose_money_has_moved_is_not_simply_cancelled() {
        let paid = Order {
            payment_status: PaymentStatus::Paid,
            ..order(OrderStatus::Paid, PaymentMethod::Manual)
        };
        let refused = paid.cancel(Role::Admin, paid.placed_at).unwrap_err();
        assert_eq!(refused.code, "refund_first");
    }

    #[test]
    fn only_a_manual_order_is_marked_paid_by_hand() {
        let allowed =
            |method| order(OrderStatus::PendingPayment, method).allowed_transitions(Role::Admin);
        assert!(allowed(PaymentMethod::Manual).contains(&OrderStatus::Paid));
        assert!(!allowed(PaymentMethod::Card).contains(&OrderStatus::Paid));
    }
}
