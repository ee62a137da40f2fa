//! SKUs (stock keeping units).

use std::fmt;
use std::str::FromStr;

use deserr::Deserr;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use super::ids::ProductId;
use super::invalid::{Invalid, Refused};
use super::problem_code::ProblemCode;
use super::schema;

/// The SKU of a variant: `[A-Za-z0-9._-]{1,64}` except `.` and `..`, case-sensitive, unique in the
/// shop.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Deserr, JsonSchema,
)]
#[serde(transparent)]
#[schemars(transform = Sku::describe)]
#[deserr(error = Invalid, try_from(String) = Sku::parse -> Refused)]
pub struct Sku(String);

impl Sku {
    fn describe(schema: &mut Schema) {
        // Every text of the allowed characters but `.` and `..`.
        let pattern = "^(\\.{0,2}[A-Za-z0-9_-][A-Za-z0-9._-]*|\\.{3}[A-Za-z0-9._-]*)$";
        schema::bound(schema, 1, 64);
        schema.insert("pattern".to_owned(), pattern.into());
        schema::refuse(schema, &[ProblemCode::InvalidSku]);
    }

    /// Parses a SKU; `invalid_sku` for any other text.
    pub fn parse(text: String) -> Result<Self, Refused> {
        let valid = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
            // Clients remove these two from a URL's path (RFC 3986, section 5.2.4).
            && ![".", ".."].contains(&text.as_str());
        if valid {
            Ok(Self(text))
        } else {
            Err(Refused::new(
                ProblemCode::InvalidSku,
                "Must be 1 to 64 letters, digits, dots, underscores or hyphens, and not `.` or `..`.",
            ))
        }
    }

    /// Generates the SKU of a product's variant with this number, if the admin named none.
    pub fn generate(product: ProductId, number: usize) -> Self {
        let hex = product.uuid().as_simple().to_string().to_ascii_uppercase();
        Self(format!("SKU-{}-{number}", &hex[hex.len() - 10..]))
    }

    /// The SKU as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Sku {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        Self::parse(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sku_is_short_plain_ascii_and_keeps_its_case() {
        assert_eq!(Sku::parse("Tee-M_1.2".into()).unwrap().as_str(), "Tee-M_1.2");
        assert!(Sku::parse("...".into()).is_ok());
        for text in [".", "..", "", "a b", "a/b", "a#b", "ü", &"x".repeat(65)] {
            assert!(Sku::parse(text.into()).is_err(), "{text:?}");
        }
    }
}
