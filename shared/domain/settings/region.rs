//! Regions of countries.

use deserr::Deserr;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use crate::domain::invalid::{Invalid, Refused};
use crate::domain::problem_code::ProblemCode;
use crate::domain::schema;
use crate::domain::unicode;

/// The code of a region in its country: the part of an ISO 3166-2 code after the hyphen, such as
/// `NY` of `US-NY`, in upper case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Deserr, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = Region::describe)]
#[deserr(error = Invalid, try_from(String) = Region::parse -> Refused)]
pub struct Region(String);

impl Region {
    fn describe(schema: &mut Schema) {
        schema.insert("pattern".to_owned(), "^[A-Za-z0-9]{1,3}$".into());
        schema::refuse(schema, &[ProblemCode::InvalidRegion]);
    }

    /// Reads a code in upper or lower case; 422 `invalid_region` for any other text. Whether the
    /// country has such a region is not known.
    pub fn parse(text: String) -> Result<Self, Refused> {
        let code = text.trim_matches(unicode::is_hidden);
        if (1..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Ok(Self(code.to_ascii_uppercase()));
        }
        let detail =
            "Must be the part of an ISO 3166-2 code after the hyphen, such as NY of US-NY.";
        Err(Refused::new(ProblemCode::InvalidRegion, detail))
    }

    /// Returns the code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_a_short_code() {
        for (text, code) in [("NY", "NY"), (" ny ", "NY"), ("9", "9"), ("ABD", "ABD")] {
            assert_eq!(Region::parse(text.to_owned()).unwrap().as_str(), code);
        }
        for text in ["", "New York", "US-NY", "ABCD", "Ü"] {
            assert!(Region::parse(text.to_owned()).is_err(), "{text}");
        }
    }
}
