//! People with an account.

use deserr::Deserr;
use serde::{Deserialize, Serialize};

use super::email::Email;
use super::ids::UserId;
use super::invalid::{Invalid, Refused};
use super::text::{AddressLine, Label, Name, Phone};
use super::time::Instant;

/// What a person may do in the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Buys.
    Customer,
    /// Runs the shop.
    Admin,
}

/// Whether a person may come in at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStatus {
    /// May log in.
    Active,
    /// May not; sessions end at once.
    Disabled,
}

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Identifier.
    pub id: UserId,
    /// The address they log in with.
    pub email: Email,
    /// How they want to be called.
    pub name: Name,
    /// Phone number.
    pub phone: Option<Phone>,
    /// Address book; the first is the default.
    pub addresses: Vec<Address>,
    /// What they may do.
    pub role: Role,
    /// Whether they have shown that the address is theirs.
    pub email_verified: bool,
    /// Whether they may log in.
    pub status: AccountStatus,
    /// When the account was made.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
pub struct Address {
    /// What its owner calls it: "Home".
    #[deserr(default)]
    pub label: Option<Label>,
    /// Who receives.
    pub name: Name,
    /// Street and number.
    pub line1: AddressLine,
    /// Flat, floor, c/o.
    #[deserr(default)]
    pub line2: Option<AddressLine>,
    /// City.
    pub city: AddressLine,
    /// State, province, county.
    #[deserr(default)]
    pub region: Option<AddressLine>,
    /// Postal code.
    #[deserr(default)]
    pub postal_code: Option<Label>,
    /// ISO 3166-1 alpha-2 code.
    pub country: Country,
}

/// The most addresses of one person.
const MAX_ADDRESSES: usize = 20;

/// The addresses that a person keeps; the first is the default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr)]
#[serde(transparent)]
#[deserr(error = Invalid, try_from(Vec<Address>) = AddressBook::parse -> Refused)]
pub struct AddressBook(Vec<Address>);

impl AddressBook {
    /// Takes up to 20 addresses.
    pub fn parse(addresses: Vec<Address>) -> Result<Self, Refused> {
        if addresses.len() <= MAX_ADDRESSES {
            return Ok(Self(addresses));
        }
        let detail = format!("Must have at most {MAX_ADDRESSES} addresses.");
        Err(Refused::new("too_many", detail))
    }
}

/// An ISO 3166-1 alpha-2 country code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[serde(transparent)]
#[deserr(error = Invalid, try_from(String) = Country::parse -> Refused)]
pub struct Country(String);

impl Country {
    /// Reads a two-letter code, such as `DE`.
    pub fn parse(text: String) -> Result<Self, Refused> {
        if text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase()) {
            Ok(Self(text))
        } else {
            Err(Refused::new(
                "invalid_country",
                "Must be a two-letter ISO 3166-1 code in capitals, such as DE.",
            ))
        }
    }
}
