//! Points in time, in milliseconds and UTC.

use std::borrow::Cow;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use deserr::Deserr;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::invalid::{Invalid, Refused};
use super::problem_code::ProblemCode;
use super::schema;

/// A point in time, in milliseconds. Written as RFC 3339 in UTC with three decimals, so that texts
/// sort by time.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[schemars(transform = Timestamp::describe)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

impl Timestamp {
    fn describe(schema: &mut Schema) {
        schema.insert("format".to_owned(), "date-time".into());
    }

    /// Creates a timestamp from milliseconds since 1970.
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, the unit of tokens and of DynamoDB's TTL.
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Seconds and nanoseconds since 1970, as UUIDv7 needs them; 0 for a time before 1970.
    pub(crate) fn unix(self) -> (u64, u32) {
        let millis = u64::try_from(self.0).unwrap_or(0);
        (millis / 1000, u32::try_from(millis % 1000 * 1_000_000).unwrap_or(0))
    }

    /// Adds a duration; fractions of a second are dropped.
    #[must_use]
    pub const fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.whole_seconds().saturating_mul(1000)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at =
            OffsetDateTime::from_unix_timestamp(self.unix_seconds()).map_err(|_| fmt::Error)?;
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            self.0.rem_euclid(1000),
        )
    }
}

impl From<Timestamp> for SystemTime {
    fn from(at: Timestamp) -> Self {
        let (seconds, nanos) = at.unix();
        UNIX_EPOCH + std::time::Duration::new(seconds, nanos)
    }
}

impl From<Timestamp> for String {
    fn from(at: Timestamp) -> Self {
        at.to_string()
    }
}

impl TryFrom<String> for Timestamp {
    type Error = time::error::Parse;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let at = OffsetDateTime::parse(&text, &Rfc3339)?;
        Ok(Self(at.unix_timestamp() * 1000 + i64::from(at.millisecond())))
    }
}

/// A point in time that a query names: an RFC 3339 time with any offset, or a date, which is its
/// first moment in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(error = Invalid, try_from(String) = Moment::parse -> Refused)]
pub struct Moment(Timestamp);

impl Moment {
    /// Returns the point in time.
    pub const fn timestamp(self) -> Timestamp {
        self.0
    }

    /// Reads a moment. 422 `invalid_time` for a text that is neither a time nor a date.
    pub fn parse(text: String) -> Result<Self, Refused> {
        let date = format!("{text}T00:00:00Z");
        let at = Timestamp::try_from(text).or_else(|_| Timestamp::try_from(date));
        at.map(Self).map_err(|_| {
            let detail = "Must be a time such as 2026-11-20T13:55:00Z, or a date such as \
                          2026-11-20, which begins in UTC. The + of an offset is %2B in a URL.";
            Refused::new(ProblemCode::InvalidTime, detail)
        })
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({
            "type": "string",
            "anyOf": [{"format": "date-time"}, {"format": "date"}],
        });
        schema::refuse(&mut schema, &[ProblemCode::InvalidTime]);
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_with_an_offset_or_a_date() {
        let parse = |text: &str| Moment::parse(text.to_owned()).map(|it| it.0.to_string());
        for (text, expected) in [
            ("2026-11-20", "2026-11-20T00:00:00.000Z"),
            ("2026-11-20T13:55:00Z", "2026-11-20T13:55:00.000Z"),
            ("2026-11-20t13:55:00.1239z", "2026-11-20T13:55:00.123Z"),
            ("2026-11-20T13:55:00+02:00", "2026-11-20T11:55:00.000Z"),
            ("0001-01-01", "0001-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(parse(text).unwrap(), expected, "{text}");
        }
        for text in ["", "yesterday", "2026-02-30", "2026-11-20T13:55:00", "1767225600"] {
            parse(text).unwrap_err();
        }
    }

    #[test]
    fn a_timestamp_reads_back_as_itself() {
        let at = Timestamp::from_unix_millis(1_795_182_908_007);
        assert_eq!(at.to_string(), "2026-11-20T13:55:08.007Z");
        assert_eq!(Timestamp::try_from(at.to_string()).unwrap(), at);
    }
}
