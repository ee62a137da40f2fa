//! Transitions of an order from one state to the next: the transition table of the HTTP contract,
//! and the effects of each transition.
//!
//! [`Order::apply`] writes nothing: it returns a [`Transition`], which is the changed order and
//! everything that has to be written together with it, in one transaction on the condition that the
//! order's version has not changed.

use super::{
    HistoryEntry, Order, OrderLine, OrderStatus, PaymentMethod, PaymentStatus, Tracking, history,
};
use crate::domain::cart_key::CartKey;
use crate::domain::error::Conflict;
use crate::domain::ids::ProductId;
use crate::domain::message::Event;
use crate::domain::problem_code::ProblemCode;
use crate::domain::sku::Sku;
use crate::domain::stock::{Movement, MovementReason, StockChange};
use crate::domain::text::Note;
use crate::domain::time::Timestamp;
use crate::domain::user::Role;

/// Who changes an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// The order's customer.
    Customer,
    /// An admin.
    Admin,
    /// The schedule that expires unpaid orders.
    Clock,
    /// The payment gateway, by an event about the payment.
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

/// The effect of a transition on stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StockEffect {
    /// Stock does not change.
    Stays,
    /// All units of the order return to stock.
    Returns,
    /// The refund that causes the transition decides whether units return to stock.
    ByRefund,
}

/// What causes a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A request of its actor to change the state.
    Request,
    /// A refund that is requested, granted or declined. No route makes refunds yet.
    Refund,
}

/// One row of the transition table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransitionRule {
    /// The state before.
    pub from: OrderStatus,
    /// The state after.
    pub to: OrderStatus,
    /// Who may cause it.
    pub actors: &'static [Actor],
    /// The payment method that the order must have; `None` for any.
    pub method: Option<PaymentMethod>,
    /// The effect on stock.
    pub stock: StockEffect,
    /// What causes it.
    pub cause: Cause,
}

impl TransitionRule {
    /// Whether the row applies to the order's current state and payment method, and to this actor.
    fn allows(&self, order: &Order, actor: Actor) -> bool {
        self.from == order.summary.status
            && self.actors.contains(&actor)
            && self.method.is_none_or(|method| method == order.summary.payment_method)
    }
}

/// All transitions of an existing order. [`Order::place`] creates an order in `pending_payment` or,
/// if its total is 0, in `paid`.
#[rustfmt::skip]
pub const TRANSITIONS: &[TransitionRule] = {
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
) -> TransitionRule {
    TransitionRule { from, to, actors, method, stock, cause }
}

/// A requested change to an order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Change {
    /// The state to change to; `None`, or the present state, if only the rest changes.
    pub status: Option<OrderStatus>,
    /// How the parcel travels.
    pub tracking: Option<Tracking>,
    /// A note, which the customer sees.
    pub note: Option<Note>,
}

impl Change {
    /// Returns the change to a state.
    pub fn to(status: OrderStatus) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// Whether it leaves an order as it is.
    pub fn is_nothing_for(&self, order: &Order) -> bool {
        let last = order.history.last();
        // A request that is sent again because its response was lost.
        let is_said = |note: &Note| {
            let is_last = |it: &HistoryEntry| it.note.as_ref() == Some(note);
            last.is_some_and(is_last)
        };
        self.note.as_ref().is_none_or(is_said)
            && self.status.is_none_or(|status| status == order.summary.status)
            && (self.tracking.is_none() || self.tracking == order.tracking)
    }
}

/// An allowed change to an order, and everything that must be written together with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The order after the change; its version is 1 higher.
    pub order: Order,
    /// The stock movements: one for each line that takes or took units.
    pub stock: Vec<StockChange>,
    /// The effect on the number of the buyer's unpaid orders.
    pub unpaid: UnpaidOrderChange,
    /// The messages to send.
    pub messages: Vec<Event>,
}

/// The effect of a transition on the number of unpaid orders that a cart counts, which is at most
/// [`MAX_UNPAID_ORDERS`](super::MAX_UNPAID_ORDERS).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnpaidOrderChange {
    /// One unpaid order more.
    Added(CartKey),
    /// One unpaid order less.
    Removed(CartKey),
    /// The number does not change.
    Unchanged,
}

impl Transition {
    /// Returns the stock movement of a variant; `None` if the order takes no units of it.
    pub fn stock_change_of(&self, product_id: ProductId, sku: &Sku) -> Option<&StockChange> {
        self.stock.iter().find(|change| change.product_id == product_id && change.sku == *sku)
    }
}

impl Order {
    /// Returns the transition for a change. 409 `illegal_transition` if no row of the table allows
    /// it to this actor; 409 `refund_first` if a payment has to be refunded first.
    pub fn apply(
        &self,
        change: &Change,
        actor: Actor,
        now: Timestamp,
    ) -> Result<Transition, Conflict> {
        let mut order = self.clone();
        order.summary.version += 1;
        order.summary.updated_at = now;
        if let Some(tracking) = &change.tracking {
            order.tracking = Some(tracking.clone());
        }
        let to = change.status.filter(|to| *to != self.summary.status);
        if to.is_some() || change.note.is_some() {
            let status = to.unwrap_or(self.summary.status);
            let entry = HistoryEntry { status, at: now, note: change.note.clone() };
            history::append(&mut order.history, entry);
        }
        match to {
            Some(to) => self.moved(order, to, actor, now),
            None => Ok(Transition {
                order,
                stock: Vec::new(),
                unpaid: UnpaidOrderChange::Unchanged,
                messages: Vec::new(),
            }),
        }
    }

    /// Returns the transition of `order` to another state.
    fn moved(
        &self,
        mut order: Self,
        to: OrderStatus,
        actor: Actor,
        now: Timestamp,
    ) -> Result<Transition, Conflict> {
        let rows = TRANSITIONS.iter().filter(|row| row.allows(self, actor) && row.to == to);
        let row = rows.into_iter().find(|row| row.cause == Cause::Request);
        let row = row.ok_or_else(|| self.illegal_transition(to, actor))?;
        order.summary.status = to;
        order.summary.payment_status = self.payment_status_in(to, row)?;
        order.summary.expires_at = None;
        let stock = self.stock_changes(row, now);
        for line in order.lines.iter_mut().filter(|_| row.stock == StockEffect::Returns) {
            line.restocked_quantity += line.units_out();
        }
        Ok(Transition {
            stock,
            unpaid: match self.cart() {
                Some(cart) if self.summary.status == OrderStatus::PendingPayment => {
                    UnpaidOrderChange::Removed(cart)
                }
                _ => UnpaidOrderChange::Unchanged,
            },
            messages: self.messages_in(to),
            order,
        })
    }

    /// Returns the states that this actor can change the order to next.
    pub fn allowed_transitions(&self, actor: Actor) -> Vec<OrderStatus> {
        let rows = TRANSITIONS.iter().filter(|row| row.allows(self, actor));
        rows.filter(|row| row.cause == Cause::Request).map(|row| row.to).collect()
    }

    /// Returns the state of the payment after a transition; 409 `refund_first` if units would
    /// return to stock while a payment is not refunded. An order with a total of 0 needs no refund.
    fn payment_status_in(
        &self,
        to: OrderStatus,
        row: &TransitionRule,
    ) -> Result<PaymentStatus, Conflict> {
        use PaymentStatus as P;
        let is_free = self.summary.total.amount() == 0;
        match (row.stock, self.summary.payment_status) {
            (StockEffect::Returns, P::Unpaid | P::Failed) => Ok(P::Voided),
            (StockEffect::Returns, P::Paid) if is_free => Ok(P::Voided),
            (StockEffect::Returns, _) => {
                let detail = "A payment was made for this order; it has to be refunded first.";
                Err(Conflict::new(ProblemCode::RefundFirst, detail))
            }
            _ if to == OrderStatus::Paid => Ok(P::Paid),
            (_, status) => Ok(status),
        }
    }

    fn stock_changes(&self, row: &TransitionRule, now: Timestamp) -> Vec<StockChange> {
        match (row.stock, row.to) {
            (StockEffect::Returns, OrderStatus::Expired) => {
                self.movements(1, MovementReason::Expiry, now)
            }
            (StockEffect::Returns, _) => self.movements(1, MovementReason::Cancellation, now),
            (StockEffect::Stays | StockEffect::ByRefund, _) => Vec::new(),
        }
    }

    /// Returns the stock movements of placing the order.
    pub(super) fn stock_taken(&self, now: Timestamp) -> Vec<StockChange> {
        self.movements(-1, MovementReason::Sale, now)
    }

    fn movements(&self, sign: i64, reason: MovementReason, at: Timestamp) -> Vec<StockChange> {
        let change = |line: &OrderLine| StockChange {
            product_id: line.product_id,
            sku: line.sku.clone(),
            movement: Movement {
                delta: sign * i64::from(line.units_out()),
                reason,
                order_id: Some(self.id),
                import_id: None,
                note: None,
                at,
            },
        };
        self.lines.iter().filter(|line| line.units_out() > 0).map(change).collect()
    }

    fn messages_in(&self, to: OrderStatus) -> Vec<Event> {
        let (order_id, user_id) = (self.id, self.summary.user_id);
        let has_recipient = user_id.is_some() || self.summary.email.is_some();
        if !has_recipient {
            return Vec::new();
        }
        match to {
            OrderStatus::Paid => vec![Event::OrderPaid { order_id, user_id }],
            OrderStatus::Shipped => vec![Event::OrderShipped { order_id, user_id }],
            OrderStatus::Delivered => vec![Event::OrderDelivered { order_id, user_id }],
            OrderStatus::Expired => vec![Event::OrderExpired { order_id, user_id }],
            OrderStatus::Cancelled => vec![Event::OrderCancelled { order_id, user_id }],
            _ => Vec::new(),
        }
    }

    fn illegal_transition(&self, to: OrderStatus, actor: Actor) -> Conflict {
        let allowed = self.allowed_transitions(actor);
        let allowed = allowed.iter().map(ToString::to_string).collect::<Vec<_>>();
        Conflict::new(
            ProblemCode::IllegalTransition,
            format!("An order that is {} can't become {to}.", self.summary.status),
        )
        .with("from", self.summary.status.to_string())
        .with("to", to.to_string())
        .with("allowed", allowed)
    }
}

#[cfg(test)]
mod tests;
