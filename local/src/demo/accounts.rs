//! The demo accounts. Their passwords are public: they exist on a developer's machine only.

use shared::domain::ids::UserId;
use uuid::{Builder, Uuid};

use super::products::OPENING;

/// An account.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    /// `admin` or `customer`.
    pub role: &'static str,
    /// The number of its identifier.
    pub number: u64,
    /// E-mail address.
    pub email: &'static str,
    /// Password.
    pub password: &'static str,
    /// Name.
    pub name: &'static str,
    /// Where it has its orders sent.
    pub address: Option<Address>,
}

impl Account {
    /// The identifier of its user.
    pub fn user_id(&self) -> UserId {
        UserId::from_uuid(self.uuid())
    }

    /// The UUID that is the same on every machine.
    pub(super) fn uuid(&self) -> Uuid {
        Builder::from_unix_timestamp_millis(self.since(), &[self.number as u8; 10]).into_uuid()
    }

    /// Since when it is there: milliseconds since 1970.
    pub(super) fn since(&self) -> u64 {
        OPENING - 1_000 * self.number
    }
}

/// An address.
#[derive(Debug, Clone, Copy)]
pub struct Address {
    /// What the customer calls it.
    pub label: &'static str,
    /// Street and number.
    pub line1: &'static str,
    /// Town.
    pub city: &'static str,
    /// State or province.
    pub region: &'static str,
    /// Postal code.
    pub postal_code: &'static str,
    /// ISO 3166 code.
    pub country: &'static str,
}

/// Who runs the shop.
pub const ADMIN: Account = Account {
    role: "admin",
    number: 1,
    email: "admin@bodega.example",
    password: "local-admin-password",
    name: "Ada Bodega",
    address: None,
};

/// Who buys in it.
pub const SHOPPER: Account = Account {
    role: "customer",
    number: 2,
    email: "shopper@bodega.example",
    password: "local-shopper-password",
    name: "Sam Shopper",
    address: Some(Address {
        label: "Home",
        line1: "12 Orchard Street",
        city: "Portland",
        region: "OR",
        postal_code: "97205",
        country: "US",
    }),
};

/// Who leaves: what ends an account can be tried on it.
pub const LEAVER: Account = Account {
    role: "customer",
    number: 3,
    email: "leaver@bodega.example",
    password: "local-leaver-password",
    name: "Lee Leaver",
    address: None,
};

/// One of each role.
pub const ACCOUNTS: [Account; 2] = [ADMIN, SHOPPER];
