//! The ways an order goes from one state to the next: the transition table of the HTTP contract,
//! row by row, and what carrying out a row means.
//!
//! [`Order::apply`] decides and changes nothing: it returns a [`Transition`], the new order with
//! all that must happen together with it, and one commit writes that under the order's version.

use super::{HistoryEntry, Order, OrderLine, OrderStatus, PaymentMethod, PaymentStatus};
use crate::domain::error::Conflict;
use crate::domain::ids::UserId;
use crate::domain::message::Event;
use crate::domain::stock::{Movement, MovementReason, StockChange};
use crate::domain::time::Timestamp;
use crate::domain::user::Role;

/// Who changes an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// The customer it belongs to.
    Customer,
    /// Somebody who runs the shop.
    Admin,
    /// Time, when an order has waited long enough.
    Clock,
    /// The payment gateway, by what it says of the money.
    Gateway,
}

impl From<Role> for Actor {
    fn from(role: Role) -> Self {
        match role {
            Role::Customer => Self::Customer,
            Role::Admin => Self::Admin,
        }
    }
}

/// What a transition does with the units of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StockEffect {
    /// They stay where they are.
    Stays,
    /// They go back on sale.
    Returns,
    /// The refund behind the transition says whether they go back.
    ByRefund,
}

/// What makes a transition possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Its actor asks for it.
    Request,
    /// A refund, its request or its decision. No route makes refunds yet.
    Refund,
}

/// One row of the transition table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The state that is left.
    pub from: OrderStatus,
    /// The state that is reached.
    pub to: OrderStatus,
    /// Who may bring it about.
    pub actors: &'static [Actor],
    /// For orders that are paid in this way only; `None` for all.
    pub method: Option<PaymentMethod>,
    /// What becomes of the units.
    pub stock: StockEffect,
    /// What makes it possible.
    pub cause: Cause,
}

impl Row {
    fn is_open_to(&self, order: &Order, actor: Actor) -> bool {
        self.from == order.summary.status
            && self.actors.contains(&actor)
            && self.method.is_none_or(|method| method == order.summary.payment_method)
    }
}

/// Every transition of an order that exists. The first one, into `pending_payment` or, with
/// nothing to pay, into `paid`, is [`Order::place`].
#[rustfmt::skip]
pub const TRANSITIONS: &[Row] = {
    use Actor::{Admin, Clock, Customer, Gateway};
    use Cause::{Refund, Request};
    use OrderStatus::{
        Cancelled, Delivered, Expired, Paid, PendingPayment, Processing, ReturnRequested, Returned, Shipped,
    };
    use PaymentMethod::{Card, Manual};
    use StockEffect::{ByRefund, Returns, Stays};
    &[
        row(PendingPayment,  Paid,            &[Gateway],         Some(Card),   Stays,    Request),
        row(PendingPayment,  Paid,            &[Admin],           Some(Manual), Stays,    Request),
        row(PendingPayment,  Processing,      &[Admin],           Some(Manual), Stays,    Request),
        row(PendingPayment,  Expired,         &[Clock],           None,         Returns,  Request),
        row(PendingPayment,  Cancelled,       &[Customer, Admin], None,         Returns,  Request),
        row(Paid,            Processing,      &[Admin],           None,         Stays,    Request),
        row(Paid,            Cancelled,       &[Customer, Admin], None,         Returns,  Request),
        row(Processing,      Shipped,         &[Admin],           None,         Stays,    Request),
        row(Processing,      Cancelled,       &[Admin],           None,         Returns,  Request),
        row(Shipped,         Delivered,       &[Admin],           None,         Stays,    Request),
        row(Shipped,         Returned,        &[Admin],           None,         ByRefund, Refund),
        row(Delivered,       ReturnRequested, &[Customer],        None,         Stays,    Refund),
        row(Delivered,       Returned,        &[Admin],           None,         ByRefund, Refund),
        row(ReturnRequested, Returned,        &[Admin],           None,         ByRefund, Refund),
        row(ReturnRequested, Delivered,       &[Admin],           None,         ByRefund, Refund),
    ]
};

const fn row(
    from: OrderStatus,
    to: OrderStatus,
    actors: &'static [Actor],
    method: Option<PaymentMethod>,
    stock: StockEffect,
    cause: Cause,
) -> Row {
    Row { from, to, actors, method, stock, cause }
}

/// What somebody wants to become of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It comes into this state.
    Status(OrderStatus),
}

/// A change that has been decided, and everything that must happen with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The order as it is then; its version is one more.
    pub order: Order,
    /// Units that come back or go.
    pub stock: Vec<StockChange>,
    /// What becomes of its place among the customer's unpaid orders.
    pub unpaid: UnpaidPlace,
    /// What is told to whom.
    pub messages: Vec<Event>,
}

/// A customer may have few unpaid orders at a time; each of them takes a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnpaidPlace {
    /// The order takes one.
    Taken(UserId),
    /// The order gives its one back.
    Freed(UserId),
    /// The order had none and gets none.
    Untouched,
}

impl Order {
    /// Decides on a change. 409 `illegal_transition` where no row of the table leads there for this
    /// actor; `refund_first` where money would have to be given back.
    pub fn apply(
        &self,
        change: &Change,
        actor: Actor,
        now: Timestamp,
    ) -> Result<Transition, Conflict> {
        let Change::Status(to) = *change;
        let rows = TRANSITIONS.iter().filter(|row| row.is_open_to(self, actor) && row.to == to);
        let row = rows.into_iter().find(|row| row.cause == Cause::Request);
        let row = row.ok_or_else(|| self.illegal_transition(to, actor))?;
        let payment_status = self.payment_status_in(to, row)?;
        let mut order = self.clone();
        order.summary.status = to;
        order.summary.payment_status = payment_status;
        order.summary.expires_at = None;
        order.summary.version += 1;
        order.summary.updated_at = now;
        order.history.push(HistoryEntry { status: to, at: now, note: None });
        Ok(Transition {
            stock: self.stock_changes(row, now),
            unpaid: match self.summary.user_id {
                Some(customer) if self.summary.status == OrderStatus::PendingPayment => {
                    UnpaidPlace::Freed(customer)
                }
                _ => UnpaidPlace::Untouched,
            },
            messages: self.messages_in(to),
            order,
        })
    }

    /// The states that this actor can bring the order into next.
    pub fn allowed_transitions(&self, actor: Actor) -> Vec<OrderStatus> {
        let rows = TRANSITIONS.iter().filter(|row| row.is_open_to(self, actor));
        // What only a refund's decision reaches is not for naming.
        let named = |row: &&Row| {
            row.cause == Cause::Request
                || row.from == OrderStatus::ReturnRequested
                || row.to == OrderStatus::ReturnRequested
        };
        rows.filter(named).map(|row| row.to).collect()
    }

    /// What the money is like in the new state. Money that moved has to be given back before the
    /// order is cancelled; an order that cost nothing has none.
    fn payment_status_in(&self, to: OrderStatus, row: &Row) -> Result<PaymentStatus, Conflict> {
        use PaymentStatus as P;
        let is_free = self.summary.total.amount() == 0;
        match (row.stock, self.summary.payment_status) {
            (StockEffect::Returns, P::Unpaid | P::Failed) => Ok(P::Voided),
            (StockEffect::Returns, P::Paid) if is_free => Ok(P::Voided),
            (StockEffect::Returns, _) => {
                let detail = "The order's money has moved; it has to be given back first.";
                Err(Conflict::new("refund_first", detail))
            }
            _ if to == OrderStatus::Paid => Ok(P::Paid),
            (_, status) => Ok(status),
        }
    }

    fn stock_changes(&self, row: &Row, now: Timestamp) -> Vec<StockChange> {
        match (row.stock, row.to) {
            (StockEffect::Returns, OrderStatus::Expired) => {
                self.movements(1, MovementReason::Expiry, now)
            }
            (StockEffect::Returns, _) => self.movements(1, MovementReason::Cancellation, now),
            (StockEffect::Stays | StockEffect::ByRefund, _) => Vec::new(),
        }
    }

    /// What placing the order takes off the shelves.
    pub(super) fn stock_taken(&self, now: Timestamp) -> Vec<StockChange> {
        self.movements(-1, MovementReason::Sale, now)
    }

    fn movements(&self, sign: i64, reason: MovementReason, at: Timestamp) -> Vec<StockChange> {
        let change = |line: &OrderLine| StockChange {
            product_id: line.product_id,
            sku: line.sku.clone(),
            movement: Movement {
                delta: sign * i64::from(line.quantity.get()),
                reason,
                order_id: Some(self.id),
                at,
            },
        };
        self.lines.iter().map(change).collect()
    }

    fn messages_in(&self, to: OrderStatus) -> Vec<Event> {
        let (order_id, customer) = (self.id, self.summary.user_id);
        let event = |user_id| match to {
            OrderStatus::Cancelled => Some(Event::OrderCancelled { order_id, user_id }),
            _ => None,
        };
        customer.and_then(event).into_iter().collect()
    }

    fn illegal_transition(&self, to: OrderStatus, actor: Actor) -> Conflict {
        let allowed = self.allowed_transitions(actor);
        let allowed = allowed.iter().map(ToString::to_string).collect::<Vec<_>>();
        Conflict::new(
            "illegal_transition",
            format!("An order that is {} can't become {to}.", self.summary.status),
        )
        .with("from", self.summary.status.to_string())
        .with("to", to.to_string())
        .with("allowed", allowed)
    }
}

#[cfg(test)]
mod tests;
