//! Registrations that wait for their e-mail address to be verified: not yet accounts.

use serde::{Deserialize, Serialize};
use time::Duration;

use super::email::Email;
use super::ids::{RegistrationId, UserId};
use super::text::{Name, Phone};
use super::time::Timestamp;
use super::user::{AccountStatus, Role, User, UserSummary};

/// For how long a registration waits.
pub const REGISTRATION_LIFETIME: Duration = Duration::hours(24);

/// What somebody asked for who says that an address is theirs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Registration {
    /// Identifier; sorts by time.
    pub id: RegistrationId,
    /// The address.
    pub email: Email,
    /// How they want to be called.
    pub name: Name,
    /// Phone number.
    pub phone: Option<Phone>,
    /// The password, as a PHC string.
    pub password_hash: String,
    /// Digests of the tokens that were mailed.
    #[serde(default)]
    pub tokens: Vec<String>,
    /// When they asked.
    pub created_at: Timestamp,
    /// When it stops waiting.
    pub expires_at: Timestamp,
}

impl Registration {
    /// The account that it asks for.
    pub fn user(&self, id: UserId) -> User {
        let summary = UserSummary {
            email: self.email.clone(),
            name: self.name.clone(),
            phone: self.phone.clone(),
            role: Role::Customer,
            email_verified: false,
            status: AccountStatus::Active,
            created_at: self.created_at,
            updated_at: self.created_at,
        };
        User { id, summary, addresses: Vec::new() }
    }
}

/// All that waits under one address.
#[derive(Debug, Default)]
pub struct PendingRegistrations(Vec<Registration>);

impl PendingRegistrations {
    /// These, oldest first.
    pub fn new(registrations: Vec<Registration>) -> Self {
        Self(registrations)
    }

    /// All of them, also those that have expired.
    pub fn all(&self) -> &[Registration] {
        &self.0
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The registration with this identifier that a token of this digest was mailed for, if it
    /// has not expired.
    pub fn find(&self, id: RegistrationId, token: &str, now: Timestamp) -> Option<&Registration> {
        self.of_now(now).find(|one| one.id == id && one.tokens.iter().any(|own| own == token))
    }

    /// Those that have not expired, newest first.
    pub fn of_now(&self, now: Timestamp) -> impl Iterator<Item = &Registration> {
        self.0.iter().rev().filter(move |registration| registration.expires_at > now)
    }
}
