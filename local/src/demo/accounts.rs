//! The demo accounts. Their passwords are public, and they exist only in the local shop.

use shared::domain::ids::UserId;
use uuid::{Builder, Uuid};

use super::products::DEMO_START;

/// A demo account.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    /// `admin` or `customer`.
    pub role: &'static str,
    /// A number that its identifier and its creation time are derived from.
    pub number: u64,
    /// Email.
    pub email: &'static str,
    /// Password.
    pub password: &'static str,
    /// Name.
    pub name: &'static str,
    /// Its only postal address, if any.
    pub address: Option<Address>,
}

impl Account {
    /// Returns its user ID, the same on every machine.
    pub fn user_id(&self) -> UserId {
        UserId::from_uuid(self.uuid())
    }

    /// Returns the UUID in its user ID and in its session ID, the same on every machine.
    pub(super) fn uuid(&self) -> Uuid {
        Builder::from_unix_timestamp_millis(self.created_at(), &[self.number as u8; 10]).into_uuid()
    }

    /// Returns its creation time, in milliseconds since 1970.
    pub(super) fn created_at(&self) -> u64 {
        DEMO_START - 1_000 * self.number
    }
}

/// A postal address.
#[derive(Debug, Clone, Copy)]
pub struct Address {
    /// The customer's name for it.
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

/// The admin.
pub const ADMIN: Account = Account {
    role: "admin",
    number: 1,
    email: "admin@bodega.example",
    password: "local-admin-password",
    name: "Ada Bodega",
    address: None,
};

/// The customer with a cart and an order.
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

/// A customer for events that delete an account or change its password.
pub const LEAVER: Account = Account {
    role: "customer",
    number: 3,
    email: "leaver@bodega.example",
    password: "local-leaver-password",
    name: "Lee Leaver",
    address: None,
};

/// One account of each role.
pub const ACCOUNTS: [Account; 2] = [ADMIN, SHOPPER];
