//! Rates in percent.

use std::fmt;

use deserr::Deserr;
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use crate::domain::invalid::{Invalid, Refused};
use crate::domain::problem_code::ProblemCode;
use crate::domain::schema;

/// A rate from 0 to 100 percent with at most four decimals: `8.875` is exactly that.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Deserr, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", transform = Percent::describe)]
#[deserr(error = Invalid, try_from(String) = Percent::parse -> Refused)]
pub struct Percent(u32);

const DECIMALS: usize = 4;

impl Percent {
    /// How many of [`Percent::millionths`] are the whole.
    pub const WHOLE: i128 = 1_000_000;

    fn describe(schema: &mut Schema) {
        let pattern = r"^(100(\.0{1,4})?|[0-9]{1,2}(\.[0-9]{1,4})?)$";
        schema.insert("pattern".to_owned(), pattern.into());
        schema::refuse(schema, &[ProblemCode::InvalidPercent]);
    }

    /// Reads a decimal number such as `19` or `8.875`; 422 `invalid_percent` if it is not one from 0
    /// to 100, or has more than four decimals.
    pub fn parse(text: String) -> Result<Self, Refused> {
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let read = || {
            let (whole, decimals) = match text.split_once('.') {
                Some((whole, decimals)) => (whole, Some(decimals)),
                None => (text.as_str(), None),
            };
            let fits = |decimals: &str| is_number(decimals) && decimals.len() <= DECIMALS;
            let is_short = whole.len() <= 2 || whole == "100";
            if !is_number(whole) || !is_short || !decimals.is_none_or(fits) {
                return None;
            }
            let decimals = decimals.unwrap_or_default();
            let rate: u32 = format!("{whole}{decimals:0<DECIMALS$}").parse().ok()?;
            (i128::from(rate) <= Self::WHOLE).then_some(Self(rate))
        };
        read().ok_or_else(|| {
            let detail = "Must be a text with a number from 0 to 100, with at most four decimals, \
                          such as 19 or 8.875.";
            Refused::new(ProblemCode::InvalidPercent, detail)
        })
    }

    /// Returns the rate in millionths: 88,750 for 8.875 percent.
    pub const fn millionths(self) -> i128 {
        self.0 as i128
    }
}

/// Writes the number without superfluous zeros: `19`, `8.875`.
impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, decimals) = (self.0 / 10_000, self.0 % 10_000);
        let decimals = format!("{decimals:0DECIMALS$}");
        match decimals.trim_end_matches('0') {
            "" => write!(f, "{whole}"),
            decimals => write!(f, "{whole}.{decimals}"),
        }
    }
}

impl TryFrom<String> for Percent {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(text).map_err(|refused| refused.detail)
    }
}

impl From<Percent> for String {
    fn from(percent: Percent) -> Self {
        percent.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_an_exact_decimal_number() {
        for (text, millionths, written) in [
            ("0", 0, "0"),
            ("7", 70_000, "7"),
            ("19.00", 190_000, "19"),
            ("8.875", 88_750, "8.875"),
            ("0.0001", 1, "0.0001"),
            ("07.5", 75_000, "7.5"),
            ("100.0000", 1_000_000, "100"),
        ] {
            let percent = Percent::parse(text.to_owned()).unwrap();
            assert_eq!(percent.millionths(), millionths, "{text}");
            assert_eq!(percent.to_string(), written);
        }
    }

    #[test]
    fn anything_else_is_no_rate() {
        for text in [
            "", ".", "7.", "007", "019", ".5", "-1", "+1", "100.0001", "101", "8.87555", "1e1",
            "7,5", " 7", "٧",
        ] {
            let refused = Percent::parse(text.to_owned()).unwrap_err();
            assert_eq!(refused.code, ProblemCode::InvalidPercent, "{text}");
        }
    }
}
