//! What has to leave the shop: a message is written in the same transaction as its cause, and
//! stays until it is sent.

use serde::{Deserialize, Serialize};

use super::item::to_item;
use super::keys;
use super::transaction::Write;
use crate::domain::error::Result;
use crate::domain::ids::{MessageId, OrderId, UserId};
use crate::domain::time::Instant;

/// Something to tell somebody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Identifier; sorts by time.
    pub id: MessageId,
    /// What happened.
    pub event: Event,
    /// When.
    pub created_at: Instant,
}

/// What happened. Names and addresses are not in it: who sends it looks them up, so that a person
/// who was deleted in between is not written to, and nothing personal rests here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// A customer placed an order.
    OrderPlaced {
        /// Which.
        order_id: OrderId,
        /// Whose.
        user_id: UserId,
    },
    /// Somebody changed their password.
    PasswordChanged {
        /// Who.
        user_id: UserId,
    },
    /// An order was cancelled.
    OrderCancelled {
        /// Which.
        order_id: OrderId,
        /// Whose.
        user_id: UserId,
    },
}

/// The write that sends a message off.
pub(super) fn send(event: Event, now: Instant) -> Result<Write> {
    let message = Message { id: MessageId::new(now), event, created_at: now };
    Ok(Write::create(to_item("message", keys::message(message.id), &message)?))
}
