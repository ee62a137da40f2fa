//! Outbox messages: events that users are told about by mail.

use serde::{Deserialize, Serialize};
use time::Duration;

use super::email::Email;
use super::ids::{MessageId, OrderId, ProductId, RegistrationId, UserId};
use super::password_reset::RESET_LIFETIME;
use super::quantity::Stock;
use super::registration::REGISTRATION_LIFETIME;
use super::sku::Sku;
use super::time::Timestamp;

/// A message in the outbox, from which a mail is rendered and sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Identifier; sorts by time.
    pub id: MessageId,
    /// The event that the mail is about.
    pub event: Event,
    /// When the event happened.
    pub created_at: Timestamp,
}

/// An event that a user is told about.
///
/// The user's profile is read when the mail is sent, so that a user who has deleted the account in
/// the meantime gets none. An event holds an e-mail address only if the request named one: whether
/// it has an account is looked up when the mail is sent, so that neither the response nor its
/// timing reveals it. An event never holds a token: tokens are created when the mail is rendered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// Someone registered with this e-mail address.
    RegistrationRequested {
        /// The address in the request, not yet verified.
        email: Email,
        /// The registration.
        registration_id: RegistrationId,
    },
    /// Someone asked for the verification mails of this e-mail address again.
    VerificationRequested {
        /// The address in the request, not yet verified.
        email: Email,
    },
    /// Someone asked to reset the password of this e-mail address.
    PasswordResetRequested {
        /// The address in the request, not yet verified.
        email: Email,
    },
    /// A customer or a guest placed an order.
    OrderPlaced {
        /// The order.
        order_id: OrderId,
        /// The customer; `None` for a guest, whose e-mail address the order has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_id: Option<UserId>,
    },
    /// A user's password was changed or reset.
    PasswordChanged {
        /// The user.
        user_id: UserId,
    },
    /// The payment of an order arrived.
    OrderPaid {
        /// The order.
        order_id: OrderId,
        /// The customer; `None` for a guest, whose e-mail address the order has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_id: Option<UserId>,
    },
    /// An order was sent.
    OrderShipped {
        /// The order.
        order_id: OrderId,
        /// The customer; `None` for a guest, whose e-mail address the order has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_id: Option<UserId>,
    },
    /// An order arrived.
    OrderDelivered {
        /// The order.
        order_id: OrderId,
        /// The customer; `None` for a guest, whose e-mail address the order has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_id: Option<UserId>,
    },
    /// An order was not paid in time.
    OrderExpired {
        /// The order.
        order_id: OrderId,
        /// The customer; `None` for a guest, whose e-mail address the order has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_id: Option<UserId>,
    },
    /// The stock of a variant fell to its threshold or below.
    LowStock {
        /// Which one, and how much was left.
        stock: LowStock,
        /// The admin to tell; `None` as long as it is not split into a message for each admin.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_id: Option<UserId>,
    },
    /// An order was cancelled.
    OrderCancelled {
        /// The order.
        order_id: OrderId,
        /// The customer; `None` for a guest, whose e-mail address the order has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_id: Option<UserId>,
    },
}

/// A variant whose stock fell to its threshold or below.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LowStock {
    /// The variant's product.
    pub product_id: ProductId,
    /// The variant.
    pub sku: Sku,
    /// The units that were left.
    pub available: Stock,
    /// The threshold.
    pub threshold: Stock,
}

/// How long a message that can't be sent is kept, in the outbox or among the failed ones, before it
/// is deleted: long enough for an operator to notice.
pub const MESSAGE_LIFETIME: Duration = Duration::days(14);

impl Event {
    /// The name of the event, as logs and the stored message have it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::RegistrationRequested { .. } => "registration_requested",
            Self::VerificationRequested { .. } => "verification_requested",
            Self::PasswordResetRequested { .. } => "password_reset_requested",
            Self::OrderPlaced { .. } => "order_placed",
            Self::PasswordChanged { .. } => "password_changed",
            Self::OrderPaid { .. } => "order_paid",
            Self::OrderShipped { .. } => "order_shipped",
            Self::OrderDelivered { .. } => "order_delivered",
            Self::OrderExpired { .. } => "order_expired",
            Self::OrderCancelled { .. } => "order_cancelled",
            Self::LowStock { .. } => "low_stock",
        }
    }

    /// How long after the event the mail is still sent. So a shop that configures mail late does
    /// not send the mails of past months.
    pub const fn relevant_for(&self) -> Duration {
        match self {
            Self::RegistrationRequested { .. } | Self::VerificationRequested { .. } => {
                REGISTRATION_LIFETIME
            }
            Self::PasswordResetRequested { .. } => RESET_LIFETIME,
            Self::OrderPlaced { .. }
            | Self::PasswordChanged { .. }
            | Self::OrderPaid { .. }
            | Self::OrderShipped { .. }
            | Self::OrderDelivered { .. }
            | Self::OrderExpired { .. }
            | Self::OrderCancelled { .. }
            | Self::LowStock { .. } => Duration::days(3),
        }
    }
}

impl Message {
    /// Creates a message about an event that happens now.
    pub fn new(event: Event, now: Timestamp) -> Self {
        Self { id: MessageId::new(now), event, created_at: now }
    }

    /// When DynamoDB deletes the message if it has not been sent.
    pub fn expires_at(&self) -> Timestamp {
        self.created_at.plus(MESSAGE_LIFETIME)
    }

    /// Whether the event is too old for a mail ([`Event::relevant_for`]).
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.created_at.plus(self.event.relevant_for()) <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_in_logs_is_the_stored_one() {
        let now = Timestamp::from_unix_millis(1_767_225_600_000);
        let email = Email::parse("ada@example.com".into()).unwrap();
        let (order_id, user_id) = (OrderId::new(now), UserId::new(now));
        let registration_id = RegistrationId::new(now);
        for event in [
            Event::RegistrationRequested { email: email.clone(), registration_id },
            Event::VerificationRequested { email: email.clone() },
            Event::PasswordResetRequested { email },
            Event::OrderPlaced { order_id, user_id: Some(user_id) },
            Event::PasswordChanged { user_id },
            Event::OrderPaid { order_id, user_id: None },
            Event::OrderShipped { order_id, user_id: None },
            Event::OrderDelivered { order_id, user_id: None },
            Event::OrderExpired { order_id, user_id: None },
            Event::OrderCancelled { order_id, user_id: None },
            Event::LowStock {
                stock: LowStock {
                    product_id: ProductId::new(now),
                    sku: "MUG".parse().unwrap(),
                    available: Stock::new(3),
                    threshold: Stock::new(5),
                },
                user_id: None,
            },
        ] {
            let stored = serde_json::to_value(&event).unwrap();
            assert_eq!(stored["kind"], event.kind());
        }
    }
}
