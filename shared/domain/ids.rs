//! Identifiers: a prefix for the type of resource, such as `ord_`, and a UUIDv7, so that they sort
//! by time of creation.

use std::fmt;
use std::str::FromStr;

use deserr::Deserr;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};
use uuid::{NoContext, Uuid};

use super::invalid::{Invalid, Refused};
use super::problem_code::ProblemCode;
use super::schema;
use super::time::Timestamp;

/// The error of parsing a text that is not an identifier of the expected type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnId;

impl fmt::Display for NotAnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an identifier of this kind")
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Deserr,
            JsonSchema,
        )]
        #[serde(try_from = "String", into = "String")]
        #[schemars(transform = $name::describe)]
        #[deserr(error = Invalid, try_from(String) = $name::parse -> Refused)]
        pub struct $name(Uuid);

        impl $name {
            /// Creates a random identifier that sorts by `now`.
            pub fn new(now: Timestamp) -> Self {
                let (seconds, nanos) = now.unix();
                Self(Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos)))
            }

            /// Returns the lowest identifier of those that are created at `time`.
            pub fn first_at(time: Timestamp) -> Self {
                let millis = u64::try_from(time.unix_millis()).unwrap_or(0);
                let first = uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]);
                Self(first.into_uuid())
            }

            fn describe(schema: &mut Schema) {
                let pattern = format!("^{}{}$", $prefix, UUID_PATTERN);
                schema.insert("pattern".to_owned(), pattern.into());
                schema::refuse(schema, &[ProblemCode::InvalidId]);
            }

            fn parse(text: String) -> Result<Self, Refused> {
                let detail = concat!("Must be an identifier that begins with ", $prefix, ".");
                text.parse().map_err(|NotAnId| Refused::new(ProblemCode::InvalidId, detail))
            }

            /// Creates an identifier from a known UUID, for example one read from a token or fixed
            /// in demo data.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// Returns the UUID after the prefix.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0.as_hyphenated())
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let uuid = text.strip_prefix($prefix).and_then(parse_uuid).ok_or(NotAnId)?;
                Ok(Self(uuid))
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;

            fn try_from(text: String) -> Result<Self, NotAnId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

id! {
    /// The identifier of a user.
    UserId, "usr_"
}
id! {
    /// The identifier of a product.
    ProductId, "prd_"
}
id! {
    /// The identifier of an order.
    OrderId, "ord_"
}
id! {
    /// The identifier of a cart.
    CartId, "crt_"
}
id! {
    /// The identifier of a session: one login on one device.
    SessionId, "ses_"
}
id! {
    /// The identifier of a registration whose e-mail address is not yet verified.
    RegistrationId, "reg_"
}
id! {
    /// The identifier of a message in the outbox.
    MessageId, "msg_"
}

id! {
    /// The identifier of a review.
    ReviewId, "rev_"
}

/// A customer's cart has the customer's UUID, so that it is found without being stored anywhere,
/// and there is exactly one.
impl From<UserId> for CartId {
    fn from(user: UserId) -> Self {
        Self(user.uuid())
    }
}

/// The pattern of what [`parse_uuid`] accepts.
const UUID_PATTERN: &str = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}";

/// Parses a UUIDv7 in lower case with hyphens; `None` for any other spelling, so that an identifier
/// has only one.
fn parse_uuid(text: &str) -> Option<Uuid> {
    let uuid = Uuid::try_parse(text).ok().filter(|uuid| uuid.get_version_num() == 7)?;
    let mut canonical = Uuid::encode_buffer();
    (uuid.as_hyphenated().encode_lower(&mut canonical) == text).then_some(uuid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_itself() {
        let id = ProductId::new(Timestamp::from_unix_millis(1_700_000_000_123));
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn ids_sort_by_time() {
        let earlier = OrderId::new(Timestamp::from_unix_millis(1_700_000_000_000));
        let later = OrderId::new(Timestamp::from_unix_millis(1_700_000_000_001));
        assert!(earlier.to_string() < later.to_string());
    }

    #[test]
    fn an_id_has_one_spelling_only() {
        let id = UserId::new(Timestamp::from_unix_millis(1_700_000_000_123)).to_string();
        let uuid = &id["usr_".len()..];
        for (text, why) in [
            (id.to_uppercase(), "upper case"),
            (format!("prd_{uuid}"), "another kind's prefix"),
            (format!("usr_{}", uuid.replace('-', "")), "no hyphens"),
            (format!("usr_{{{uuid}}}"), "braces"),
            (uuid.to_owned(), "no prefix"),
            ("usr_00000000-0000-4000-8000-000000000000".to_owned(), "another UUID version"),
            (String::new(), "empty"),
        ] {
            assert_eq!(text.parse::<UserId>(), Err(NotAnId), "{why}: {text}");
        }
    }
}
