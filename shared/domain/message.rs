//! What the shop has to tell somebody.

use serde::{Deserialize, Serialize};
use time::Duration;

use super::email::Email;
use super::ids::{MessageId, OrderId, RegistrationId, UserId};
use super::password_reset::RESET_LIFETIME;
use super::registration::REGISTRATION_LIFETIME;
use super::time::Timestamp;

/// Something to tell somebody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Identifier; sorts by time.
    pub id: MessageId,
    /// What happened.
    pub event: Event,
    /// When.
    pub created_at: Timestamp,
}

/// What happened. Who has an account is looked up when the mail is sent, so that a person who was
/// deleted in between is not written to. An address is in it only where nobody may learn from the
/// answer, or from the time it takes, whether somebody has an account under it. Tokens are never in
/// it: they are made when the mail is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// Somebody asked for an account.
    RegistrationRequested {
        /// The address that they say is theirs.
        email: Email,
        /// What they asked for.
        registration_id: RegistrationId,
    },
    /// Somebody asked for the mail of their registration again.
    VerificationRequested {
        /// The address that they say is theirs.
        email: Email,
    },
    /// Somebody forgot their password.
    PasswordResetRequested {
        /// The address that they say is theirs.
        email: Email,
    },
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

/// After this time a message goes unsent: its shop has no mail, or somebody should have looked.
pub const KEPT: Duration = Duration::days(14);

impl Event {
    /// Its name, for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::RegistrationRequested { .. } => "registration_requested",
            Self::VerificationRequested { .. } => "verification_requested",
            Self::PasswordResetRequested { .. } => "password_reset_requested",
            Self::OrderPlaced { .. } => "order_placed",
            Self::PasswordChanged { .. } => "password_changed",
            Self::OrderCancelled { .. } => "order_cancelled",
        }
    }

    /// For how long it is worth telling: nobody wants last year's mail when a shop that had none
    /// begins to send it.
    pub const fn relevant_for(&self) -> Duration {
        match self {
            Self::RegistrationRequested { .. } | Self::VerificationRequested { .. } => {
                REGISTRATION_LIFETIME
            }
            Self::PasswordResetRequested { .. } => RESET_LIFETIME,
            Self::OrderPlaced { .. }
            | Self::PasswordChanged { .. }
            | Self::OrderCancelled { .. } => Duration::days(3),
        }
    }
}

impl Message {
    /// Something to tell, from now on.
    pub fn new(event: Event, now: Timestamp) -> Self {
        Self { id: MessageId::new(now), event, created_at: now }
    }

    /// When it goes unsent.
    pub fn expires_at(&self) -> Timestamp {
        self.created_at.plus(KEPT)
    }

    /// Whether telling it does no good any more.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.created_at.plus(self.event.relevant_for()) <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_what_the_table_calls_it() {
        let now = Timestamp::from_unix_millis(1_767_225_600_000);
        let email = Email::parse("ada@example.com".into()).unwrap();
        let (order_id, user_id) = (OrderId::new(now), UserId::new(now));
        let registration_id = RegistrationId::new(now);
        for event in [
            Event::RegistrationRequested { email: email.clone(), registration_id },
            Event::VerificationRequested { email: email.clone() },
            Event::PasswordResetRequested { email },
            Event::OrderPlaced { order_id, user_id },
            Event::PasswordChanged { user_id },
            Event::OrderCancelled { order_id, user_id },
        ] {
            let stored = serde_json::to_value(&event).unwrap();
            assert_eq!(stored["kind"], event.kind());
        }
    }
}
