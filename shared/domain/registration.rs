//! Pending registrations: the e-mail address is not yet verified, and there is no account yet.

use serde::{Deserialize, Serialize};
use time::Duration;

use super::email::Email;
use super::ids::{RegistrationId, UserId};
use super::text::{Name, Phone};
use super::time::Timestamp;
use super::user::{AccountStatus, Role, User, UserSummary};

/// How long a registration can be verified.
pub const REGISTRATION_LIFETIME: Duration = Duration::hours(24);

/// A pending registration, as stored. The e-mail address need not belong to the person who
/// registered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Registration {
    /// Identifier; sorts by time.
    pub id: RegistrationId,
    /// E-mail address.
    pub email: Email,
    /// Name.
    pub name: Name,
    /// Phone number.
    pub phone: Option<Phone>,
    /// The Argon2id hash of the password, as a PHC string.
    pub password_hash: String,
    /// The digests of the verification tokens that were mailed for it.
    #[serde(default)]
    pub tokens: Vec<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl Registration {
    /// Creates the user that the registration asks for: a customer with an unverified address.
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
        User {
            id,
            version: User::FIRST_VERSION,
            summary,
            addresses: Vec::new(),
            addresses_updated_at: None,
        }
    }
}

/// The pending registrations of one e-mail address.
#[derive(Debug, Default)]
pub struct PendingRegistrations(Vec<Registration>);

impl PendingRegistrations {
    /// Wraps registrations, which are sorted from oldest to newest.
    pub fn new(registrations: Vec<Registration>) -> Self {
        Self(registrations)
    }

    /// Returns all registrations, including expired ones, oldest first.
    pub fn all(&self) -> &[Registration] {
        &self.0
    }

    /// Whether there is none, not even an expired one.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Finds a registration by its identifier and the digest of a token that was mailed for it;
    /// `None` if there is none or it has expired.
    pub fn find(&self, id: RegistrationId, token: &str, now: Timestamp) -> Option<&Registration> {
        self.of_now(now).find(|one| one.id == id && one.tokens.iter().any(|own| own == token))
    }

    /// Returns the registrations that have not expired, newest first.
    pub fn of_now(&self, now: Timestamp) -> impl Iterator<Item = &Registration> {
        self.0.iter().rev().filter(move |registration| registration.expires_at > now)
    }
}
