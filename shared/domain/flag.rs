//! Truth values in queries.

use deserr::Deserr;
use schemars::{JsonSchema, Schema};

use super::invalid::{Invalid, Refused};
use super::problem_code::ProblemCode;
use super::schema;

/// `true` or `false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr, JsonSchema)]
#[schemars(transform = Flag::describe)]
#[deserr(error = Invalid, try_from(String) = Flag::parse -> Refused)]
pub struct Flag(bool);

impl Flag {
    fn describe(schema: &mut Schema) {
        schema::refuse(schema, &[ProblemCode::UnknownValue]);
    }

    /// Reads a truth value. 422 `unknown_value` for any other text.
    pub fn parse(text: String) -> Result<Self, Refused> {
        match text.as_str() {
            "true" => Ok(Self(true)),
            "false" => Ok(Self(false)),
            _ => Err(Refused::new(ProblemCode::UnknownValue, "Must be true or false.")),
        }
    }

    /// Returns the value.
    pub const fn is_true(self) -> bool {
        self.0
    }
}
