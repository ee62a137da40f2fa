//! Users: everyone with an account.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use deserr::Deserr;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::email::Email;
use super::ids::UserId;
use super::invalid::{Invalid, Refused};
use super::patch::{Optional, Patch, Replace};
use super::problem_code::ProblemCode;
use super::schema;
use super::text::{AddressLine, Label, Name, Phone, fold_case};
use super::time::Timestamp;
use super::unicode;

/// What a user may do in the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[deserr(error = Invalid, rename_all = lowercase)]
pub enum Role {
    /// Places orders.
    Customer,
    /// Manages the shop: products, users and all orders.
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

/// Whether a user may log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Deserr, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[deserr(error = Invalid, rename_all = lowercase)]
pub enum AccountStatus {
    /// May log in.
    Active,
    /// May not log in; all sessions have ended.
    Disabled,
}

/// A user, with their profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Identifier.
    pub id: UserId,
    /// Increases by one with every change of the profile; 0 for profiles that were written before
    /// versions existed.
    #[serde(default)]
    pub version: u64,
    /// The part that lists of users show.
    pub summary: UserSummary,
    /// Postal addresses; the first is the default.
    pub addresses: Vec<Address>,
    /// When the addresses last changed. Not in the summary: lists show no addresses, so a change of
    /// them must not be written to the lists' index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addresses_updated_at: Option<Timestamp>,
}

impl User {
    /// The version of a new profile.
    pub const FIRST_VERSION: u64 = 1;

    /// Returns when anything in the profile last changed.
    pub fn updated_at(&self) -> Timestamp {
        self.addresses_updated_at
            .map_or(self.summary.updated_at, |addresses| addresses.max(self.summary.updated_at))
    }
}

/// The part of a profile that lists of users show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserSummary {
    /// The e-mail address they log in with.
    pub email: Email,
    /// Name.
    pub name: Name,
    /// Phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// Role.
    pub role: Role,
    /// Whether they have proved that the e-mail address is theirs.
    pub email_verified: bool,
    /// Whether they may log in.
    pub status: AccountStatus,
    /// When the account was created.
    pub created_at: Timestamp,
    /// When anything in this summary last changed.
    pub updated_at: Timestamp,
}

/// A user in a list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ListedUser {
    /// Their position in the list by name, which contains their identifier.
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

/// A user's change of their own profile.
#[derive(Debug, Default)]
pub struct ProfileChange {
    /// A new name.
    pub name: Replace<Name>,
    /// A new phone number, or its removal.
    pub phone: Patch<Phone>,
    /// The new address book, as a whole.
    pub addresses: Replace<AddressBook>,
}

impl ProfileChange {
    /// Whether it changes anything that lists of users show.
    pub fn is_listed(&self) -> bool {
        self.name != Replace::Keep || self.phone != Patch::Keep
    }

    /// Whether it changes nothing at all.
    pub fn is_empty(&self) -> bool {
        !self.is_listed() && self.addresses == Replace::Keep
    }
}

/// A user's position in the list by name: the name without case differences, then `#` and the
/// identifier, so that no two users have the same position.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct NameKey {
    text: String,
    user: UserId,
}

impl NameKey {
    /// Returns the position of a user with this name.
    pub fn new(name: &Name, user: UserId) -> Self {
        Self { text: format!("{}#{user}", Self::prefix(name)), user }
    }

    /// Returns the prefix that the positions of all users with a name beginning with `name` have in
    /// common.
    ///
    /// It is cut after 900 bytes: a sort key of an index has at most 1,024 bytes.
    pub fn prefix(name: &Name) -> String {
        const LONGEST: usize = 900;
        let mut folded = fold_case(name.as_str());
        folded.truncate(folded.floor_char_boundary(LONGEST));
        folded
    }

    /// Returns the user's identifier.
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

/// The error for a text that is not a position in the list by name.
#[derive(Debug, PartialEq, Eq)]
pub struct NotANameKey;

impl fmt::Display for NotANameKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a position in the list by name")
    }
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Deserr, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
pub struct Address {
    /// The user's own label, such as "Home".
    #[deserr(default, from(Optional<Label>) = Optional::into)]
    #[schemars(default, schema_with = "schema::optional::<Label>")]
    pub label: Option<Label>,
    /// The recipient.
    pub name: Name,
    /// Street and number.
    pub line1: AddressLine,
    /// Flat, floor, c/o.
    #[deserr(default, from(Optional<AddressLine>) = Optional::into)]
    #[schemars(default, schema_with = "schema::optional::<AddressLine>")]
    pub line2: Option<AddressLine>,
    /// City.
    pub city: AddressLine,
    /// State, province, county.
    #[deserr(default, from(Optional<AddressLine>) = Optional::into)]
    #[schemars(default, schema_with = "schema::optional::<AddressLine>")]
    pub region: Option<AddressLine>,
    /// Postal code.
    #[deserr(default, from(Optional<Label>) = Optional::into)]
    #[schemars(default, schema_with = "schema::optional::<Label>")]
    pub postal_code: Option<Label>,
    /// ISO 3166-1 alpha-2 code.
    pub country: Country,
}

/// The most addresses of one user.
const MAX_ADDRESSES: usize = 20;

/// The most bytes of an address book, as compact JSON. A profile is read at every checkout and
/// written as a whole at every change: without this limit, a body of 64 KiB would make each change
/// cost 64 write units.
const MAX_BYTES: usize = 16 * 1024;

/// A user's postal addresses; the first is the default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserr, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = AddressBook::describe)]
#[deserr(error = Invalid, try_from(Vec<Address>) = AddressBook::parse -> Refused)]
pub struct AddressBook(Vec<Address>);

impl AddressBook {
    fn describe(schema: &mut Schema) {
        schema.insert("maxItems".to_owned(), MAX_ADDRESSES.into());
        schema::refuse(schema, &[ProblemCode::TooMany, ProblemCode::TooLarge]);
    }

    /// Accepts up to 20 addresses, of at most 16 KiB together; 422 `too_many` or `too_large` for
    /// more.
    pub fn parse(addresses: Vec<Address>) -> Result<Self, Refused> {
        if addresses.len() > MAX_ADDRESSES {
            let detail = format!("Must have at most {MAX_ADDRESSES} addresses.");
            return Err(Refused::new(ProblemCode::TooMany, detail));
        }
        let bytes = serde_json::to_vec(&addresses).map_or(usize::MAX, |json| json.len());
        if bytes > MAX_BYTES {
            let detail = format!(
                "Must have at most {MAX_BYTES} bytes together, as JSON in UTF-8, not {bytes}."
            );
            return Err(Refused::new(ProblemCode::TooLarge, detail));
        }
        Ok(Self(addresses))
    }
}

/// A response has the code in upper case; a request may have it in lower case too.
impl JsonSchema for Country {
    fn schema_name() -> Cow<'static, str> {
        "Country".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({
            "description": "An assigned ISO 3166-1 alpha-2 code, or `XK` for Kosovo.",
            "type": "string",
        });
        if generator.contract().is_serialize() {
            schema.insert("enum".to_owned(), Self::codes().into());
        } else {
            let either_case = |c: char| format!("[{c}{}]", c.to_ascii_lowercase());
            let either_case = |code: &String| code.chars().map(either_case).collect::<String>();
            let codes: Vec<_> = Self::codes().iter().map(either_case).collect();
            schema.insert("pattern".to_owned(), format!("^({})$", codes.join("|")).into());
        }
        schema::refuse(&mut schema, &[ProblemCode::InvalidCountry]);
        schema
    }
}

/// A country: an assigned ISO 3166-1 alpha-2 code, or `XK` for Kosovo, which post offices and banks
/// use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Deserr)]
#[serde(transparent)]
#[deserr(error = Invalid, try_from(String) = Country::parse -> Refused)]
pub struct Country(String);

impl Country {
    fn codes() -> Vec<String> {
        let pairs = ('A'..='Z').flat_map(|first| ('A'..='Z').map(move |second| [first, second]));
        let codes = pairs.map(|pair| pair.iter().collect::<String>());
        codes.filter(|code| Self::parse(code.clone()).is_ok()).collect()
    }

    /// Reads a two-letter code in upper or lower case, such as `DE`. 422 `invalid_country` if it is
    /// not assigned.
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
        Err(Refused::new(ProblemCode::InvalidCountry, detail))
    }

    /// Returns the code.
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
    fn a_name_key_is_read_back_and_any_other_text_is_an_error() {
        let id = UserId::new(crate::domain::time::Timestamp::from_unix_millis(0));
        let key = NameKey::new(&Name::parse("Ada # 1".to_owned()).unwrap(), id);
        assert_eq!(key.to_string().parse(), Ok(key.clone()));
        assert_eq!(key.user(), id);
        for text in ["", "ada", "ada#", "ada#1", "ada#ord_01890a5d-ac96-774b-bcce-b302099a8057"] {
            assert_eq!(text.parse::<NameKey>(), Err(NotANameKey), "{text}");
        }
    }
}
