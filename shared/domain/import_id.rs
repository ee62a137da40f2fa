//! Identifiers of imports.

use deserr::Deserr;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use super::invalid::{Invalid, Refused};
use super::problem_code::ProblemCode;
use super::schema;

/// The identifier that a client gives an import, so that it can send a part of it again:
/// `[A-Za-z0-9_-]{1,64}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Deserr, JsonSchema)]
#[serde(transparent)]
#[schemars(transform = ImportId::describe)]
#[deserr(error = Invalid, try_from(String) = ImportId::parse -> Refused)]
pub struct ImportId(String);

impl ImportId {
    fn describe(schema: &mut Schema) {
        schema::bound(schema, 1, 64);
        schema.insert("pattern".to_owned(), "^[A-Za-z0-9_-]+$".into());
        schema::refuse(schema, &[ProblemCode::InvalidId]);
    }

    /// Parses an identifier; `invalid_id` for any other text.
    pub fn parse(text: String) -> Result<Self, Refused> {
        let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
        if (1..=64).contains(&text.len()) && text.bytes().all(is_allowed) {
            return Ok(Self(text));
        }
        let detail = "Must be 1 to 64 letters, digits, underscores or hyphens, such as a UUID.";
        Err(Refused::new(ProblemCode::InvalidId, detail))
    }

    /// Returns the identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
