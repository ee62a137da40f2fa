//! People with an account.

use std::fmt;
use std::str::FromStr;

use deserr::Deserr;
use serde::{Deserialize, Serialize};

use super::email::Email;
use super::ids::UserId;
use super::invalid::{Invalid, Refused};
use super::patch::{Optional, Patch, Replace};
use super::text::{AddressLine, Label, Name, Phone, fold_case};
use super::time::Timestamp;
use super::unicode;

/// What a person may do in the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[serde(rename_all = "snake_case")]
#[deserr(error = Invalid, rename_all = lowercase)]
pub enum Role {
    /// Buys.
    Customer,
    /// Runs the shop.
    Admin,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Customer => "customer",
            Self::Admin => "admin",
        })
    }
}

impl fmt::Display for AccountStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        })
    }
}

/// Whether a person may come in at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[serde(rename_all = "snake_case")]
#[deserr(error = Invalid, rename_all = lowercase)]
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
    /// Rises with every change of the profile; 0 for profiles from before there were versions.
    #[serde(default)]
    pub version: u64,
    /// What every list of people shows.
    pub summary: UserSummary,
    /// Address book; the first is the default.
    pub addresses: Vec<Address>,
    /// When the address book last changed. Not in the summary: lists show no addresses, so a change
    /// of them must not be written to the index of the lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses_updated_at: Option<Timestamp>,
}

impl User {
    /// The version of a new profile.
    pub const FIRST_VERSION: u64 = 1;

    /// When anything in the profile last changed.
    pub fn updated_at(&self) -> Timestamp {
        self.addresses_updated_at
            .map_or(self.summary.updated_at, |addresses| addresses.max(self.summary.updated_at))
    }
}

/// What every list of people shows of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserSummary {
    /// The address they log in with.
    pub email: Email,
    /// How they want to be called.
    pub name: Name,
    /// Phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// What they may do.
    pub role: Role,
    /// Whether they have shown that the address is theirs.
    pub email_verified: bool,
    /// Whether they may log in.
    pub status: AccountStatus,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When anything in this summary last changed.
    pub updated_at: Timestamp,
}

/// A person as lists have them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ListedUser {
    /// Their position in the list by name; it says who they are.
    pub name_key: NameKey,
    /// What the list shows.
    pub summary: UserSummary,
}

impl ListedUser {
    /// Identifier.
    pub fn id(&self) -> UserId {
        self.name_key.user()
    }
}

/// What a person changes about themselves.
#[derive(Debug, Default)]
pub struct ProfileChange {
    /// A new name.
    pub name: Replace<Name>,
    /// A new phone number, or none any more.
    pub phone: Patch<Phone>,
    /// The whole address book.
    pub addresses: Replace<AddressBook>,
}

impl ProfileChange {
    /// Whether it changes what lists of people show.
    pub fn is_listed(&self) -> bool {
        self.name != Replace::Keep || self.phone != Patch::Keep
    }

    /// Whether it changes nothing at all.
    pub fn is_empty(&self) -> bool {
        !self.is_listed() && self.addresses == Replace::Keep
    }
}

/// A person's position in the list by name: the name without its case, and the identifier, so that
/// no two people share one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct NameKey {
    text: String,
    user: UserId,
}

impl NameKey {
    /// The position of somebody of this name.
    pub fn new(name: &Name, user: UserId) -> Self {
        Self { text: format!("{}#{user}", Self::prefix(name)), user }
    }

    /// How the position of everybody begins whose name begins like this.
    ///
    /// An index takes 1,024 bytes; what is cut off is of no use to anybody who looks for a name.
    pub fn prefix(name: &Name) -> String {
        const LONGEST: usize = 900;
        let mut folded = fold_case(name.as_str());
        folded.truncate(folded.floor_char_boundary(LONGEST));
        folded
    }

    /// The person.
    pub fn user(&self) -> UserId {
        self.user
    }
}

impl FromStr for NameKey {
    type Err = NotANameKey;

    fn from_str(text: &str) -> Result<Self, NotANameKey> {
        let (_, user) = text.rsplit_once('#').filter(|_| text.len() <= 1024).ok_or(NotANameKey)?;
        let user = user.parse().map_err(|_| NotANameKey)?;
        Ok(Self { text: text.to_owned(), user })
    }
}

impl TryFrom<String> for NameKey {
    type Error = NotANameKey;

    fn try_from(text: String) -> Result<Self, NotANameKey> {
        text.parse()
    }
}

impl fmt::Display for NameKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A text that is nobody's position in the list by name.
#[derive(Debug, PartialEq, Eq)]
pub struct NotANameKey;

impl fmt::Display for NotANameKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a position in the list by name")
    }
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
pub struct Address {
    /// What its owner calls it: "Home".
    #[deserr(default, from(Optional<Label>) = Optional::into)]
    pub label: Option<Label>,
    /// Who receives.
    pub name: Name,
    /// Street and number.
    pub line1: AddressLine,
    /// Flat, floor, c/o.
    #[deserr(default, from(Optional<AddressLine>) = Optional::into)]
    pub line2: Option<AddressLine>,
    /// City.
    pub city: AddressLine,
    /// State, province, county.
    #[deserr(default, from(Optional<AddressLine>) = Optional::into)]
    pub region: Option<AddressLine>,
    /// Postal code.
    #[deserr(default, from(Optional<Label>) = Optional::into)]
    pub postal_code: Option<Label>,
    /// ISO 3166-1 alpha-2 code.
    pub country: Country,
}

/// The most addresses of one person.
const MAX_ADDRESSES: usize = 20;

/// The most bytes of an address book, as compact JSON. A profile is read at every checkout and
/// written as a whole at every change: without a bound, a body of 64 KiB would make each change
/// cost 64 write units.
const MAX_BYTES: usize = 16 * 1024;

/// The addresses that a person keeps; the first is the default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr)]
#[serde(transparent)]
#[deserr(error = Invalid, try_from(Vec<Address>) = AddressBook::parse -> Refused)]
pub struct AddressBook(Vec<Address>);

impl AddressBook {
    /// Takes up to 20 addresses, of at most 16 KiB together.
    pub fn parse(addresses: Vec<Address>) -> Result<Self, Refused> {
        if addresses.len() > MAX_ADDRESSES {
            let detail = format!("Must have at most {MAX_ADDRESSES} addresses.");
            return Err(Refused::new("too_many", detail));
        }
        let bytes = serde_json::to_vec(&addresses).map_or(usize::MAX, |json| json.len());
        if bytes > MAX_BYTES {
            let detail = format!(
                "Must have at most {MAX_BYTES} bytes together, as JSON in UTF-8, not {bytes}."
            );
            return Err(Refused::new("too_large", detail));
        }
        Ok(Self(addresses))
    }
}

/// A country by its ISO 3166-1 alpha-2 code, as far as it is assigned; or Kosovo by `XK`, the code
/// that posts and banks use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[serde(transparent)]
#[deserr(error = Invalid, try_from(String) = Country::parse -> Refused)]
pub struct Country(String);

impl Country {
    /// Reads a two-letter code in either case, such as `DE`.
    pub fn parse(text: String) -> Result<Self, Refused> {
        let code = text.trim_matches(unicode::is_hidden).to_ascii_uppercase();
        // The library has an entry for the empty text.
        let is_assigned = code.len() == 2 && code.parse::<iso_country::Country>().is_ok();
        if is_assigned || code == "XK" {
            return Ok(Self(code));
        }
        let detail = match code.as_str() {
            "UK" => "Must be an ISO 3166-1 code; that of the United Kingdom is GB.",
            "EL" => "Must be an ISO 3166-1 code; that of Greece is GR.",
            _ => "Must be a two-letter ISO 3166-1 code, such as DE.",
        };
        Err(Refused::new("invalid_country", detail))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(name: &str) -> String {
        NameKey::prefix(&Name::parse(name.to_owned()).unwrap())
    }

    #[test]
    fn names_are_sorted_and_found_without_their_case() {
        for (name, looked_for) in [
            ("Ada Lovelace", "aDA l"),
            ("STRASSER", "straß"),
            ("Straßer", "STRASS"),
            ("Οδυσσεύς", "ΟΔΥΣ"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
        ] {
            assert!(prefix(name).starts_with(&prefix(looked_for)), "{name}, {looked_for}");
        }
    }

    #[test]
    fn a_country_is_an_assigned_code() {
        let letters = || 'A'..='Z';
        let codes = letters().flat_map(|first| letters().map(move |next| format!("{first}{next}")));
        let assigned: Vec<_> = codes.filter(|code| Country::parse(code.clone()).is_ok()).collect();
        assert_eq!(assigned.len(), 250, "249 of ISO 3166-1, and XK");
        for code in ["BQ", "CW", "GB", "GR", "ME", "RS", "SS", "SX", "XK"] {
            assert!(assigned.iter().any(|assigned| assigned == code), "{code}");
            assert_eq!(Country::parse(code.to_lowercase()).unwrap().as_str(), code);
        }
        for (wrong, right) in [("UK", "GB"), ("el", "GR")] {
            assert!(
                Country::parse(wrong.to_owned()).unwrap_err().detail.contains(right),
                "{wrong}"
            );
        }
        for none in ["", "ZZ", "AN", "CS", "EU", "DEU", "D\u{e9}", "D E"] {
            assert!(Country::parse(none.to_owned()).is_err(), "{none}");
        }
    }

    #[test]
    fn the_longest_name_fits_into_an_index() {
        let id = UserId::new(crate::domain::time::Timestamp::from_unix_millis(0));
        let longest = Name::parse("\u{390}".repeat(200)).unwrap();
        assert!(NameKey::new(&longest, id).to_string().len() <= 1024);
    }

    #[test]
    fn a_name_key_reads_back_as_itself_and_nothing_else_is_one() {
        let id = UserId::new(crate::domain::time::Timestamp::from_unix_millis(0));
        let key = NameKey::new(&Name::parse("Ada # 1".to_owned()).unwrap(), id);
        assert_eq!(key.to_string().parse(), Ok(key.clone()));
        assert_eq!(key.user(), id);
        for text in ["", "ada", "ada#", "ada#1", "ada#ord_01890a5d-ac96-774b-bcce-b302099a8057"] {
            assert_eq!(text.parse::<NameKey>(), Err(NotANameKey), "{text}");
        }
    }
}
