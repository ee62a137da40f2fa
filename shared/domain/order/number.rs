//! Numbers of orders, which a person can read out.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;

use deserr::Deserr;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::domain::ids::OrderId;
use crate::domain::invalid::{Invalid, Refused};
use crate::domain::problem_code::ProblemCode;

/// The number of an order, such as `K7QM-2F9R-4TXD`: twelve digits of Crockford's base 32
/// (<https://www.crockford.com/base32.html>), which leave out the letters I, L, O and U.
///
/// It follows from the order's identifier, a UUIDv7: 40 bits are the milliseconds since 2025, 20 the
/// first random ones. Two orders of the same millisecond have the same number once in a million
/// times, so that a number leads to a list of orders. The 40 bits are used up in November 2059.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(error = Invalid, try_from(String) = OrderNumber::parse -> Refused)]
pub struct OrderNumber(u64);

const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: u32 = 12;
const BITS_OF_DIGIT: u32 = 5;
const RANDOM_BITS: u32 = 20;
/// 2025-01-01T00:00:00Z, in milliseconds since 1970.
const BEGINNING: u64 = 1_735_689_600_000;
const MILLIS_BITS: u32 = 40;

impl OrderNumber {
    /// Returns the number of the order with this identifier.
    pub fn of(order: OrderId) -> Self {
        let bits = order.uuid().as_u128();
        let millis = u64::try_from(bits >> 80).unwrap_or(u64::MAX);
        let millis = millis.saturating_sub(BEGINNING) & ((1 << MILLIS_BITS) - 1);
        // The random bits are interrupted: four bits of the version before 12 of them, two of the
        // variant behind.
        let first = (bits >> 64) & 0xfff;
        let next = (bits >> 54) & 0xff;
        let random = u64::try_from(first << 8 | next).unwrap_or_default();
        Self(millis << RANDOM_BITS | random)
    }

    /// Reads a number in upper or lower case, with or without hyphens and spaces; O counts as 0, and I
    /// and L as 1. 422 `invalid_order_number` for any other text.
    pub fn parse(text: String) -> Result<Self, Refused> {
        let digits = text.chars().filter(|c| !matches!(c, '-' | ' '));
        let values: Option<Vec<u64>> = digits.map(value).collect();
        match values {
            Some(values) if values.len() == LENGTH as usize => {
                Ok(Self(values.iter().fold(0, |number, value| number << BITS_OF_DIGIT | value)))
            }
            _ => {
                let detail = "Must be the number of an order, such as K7QM-2F9R-4TXD.";
                Err(Refused::new(ProblemCode::InvalidOrderNumber, detail))
            }
        }
    }

    /// Returns the partition, out of `parts`, of the orders with this number.
    pub fn shard(self, parts: u8) -> u8 {
        u8::try_from(self.0 % u64::from(parts)).unwrap_or_default()
    }

    /// Returns the identifiers of the orders that have this number: the first and the last possible
    /// one.
    pub fn ids(self) -> RangeInclusive<OrderId> {
        let millis = u128::from((self.0 >> RANDOM_BITS) + BEGINNING);
        let random = u128::from(self.0 & ((1 << RANDOM_BITS) - 1));
        let (first, next) = (random >> 8, random & 0xff);
        let start = millis << 80 | 0x7 << 76 | first << 64 | 0b10 << 62 | next << 54;
        let id = |bits| OrderId::from_uuid(Uuid::from_u128(bits));
        id(start)..=id(start | ((1 << 54) - 1))
    }
}

fn value(digit: char) -> Option<u64> {
    let digit = match digit.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        digit => digit,
    };
    let position = DIGITS.iter().position(|known| char::from(*known) == digit)?;
    u64::try_from(position).ok()
}

impl fmt::Display for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for position in 0..LENGTH {
            if position > 0 && position % 4 == 0 {
                f.write_str("-")?;
            }
            let digit = self.0 >> (BITS_OF_DIGIT * (LENGTH - 1 - position)) & 0x1f;
            let digit = usize::try_from(digit).ok().and_then(|digit| DIGITS.get(digit));
            write!(f, "{}", char::from(digit.copied().unwrap_or(b'0')))?;
        }
        Ok(())
    }
}

impl Serialize for OrderNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A response has the number as it is written; a request may have it as people write it.
impl JsonSchema for OrderNumber {
    fn schema_name() -> Cow<'static, str> {
        "OrderNumber".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({
            "description": "A number that people can read out, such as K7QM-2F9R-4TXD. It may repeat.",
            "type": "string",
        });
        let pattern = if generator.contract().is_serialize() {
            "^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$"
        } else {
            "^[ -]*([0-9A-TV-Za-tv-z][ -]*){12}$"
        };
        schema.insert("pattern".to_owned(), pattern.into());
        crate::domain::schema::refuse(&mut schema, &[ProblemCode::InvalidOrderNumber]);
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    fn order(uuid: &str) -> OrderId {
        format!("ord_{uuid}").parse().unwrap()
    }

    #[test]
    fn a_number_is_the_time_and_the_first_random_bits() {
        // 2025-01-01T00:00:00.001Z, and the random bits 0xabc and 0xde.
        let number = OrderNumber::of(order("01941f29-7c01-7abc-b78f-ffffffffffff"));
        assert_eq!(number.0, 1 << 20 | 0xabcde);
        assert_eq!(number.to_string(), "0000-0001-NF6Y");
        let other = OrderNumber::of(order("01941f29-7c01-7abc-b7bf-ffffffffffff"));
        assert_eq!(other, number, "later random bits are not in it");
    }

    #[test]
    fn a_number_is_read_as_people_write_it() {
        let number = OrderNumber::parse("K7QM-2F9R-4TXD".into()).unwrap();
        assert_eq!(number.to_string(), "K7QM-2F9R-4TXD");
        for text in ["k7qm2f9r4txd", " K7QM 2F9R 4TXD ", "K7-QM2F-9R4TXD"] {
            assert_eq!(OrderNumber::parse(text.into()).unwrap(), number, "{text}");
        }
        let zeros_and_ones = OrderNumber::parse("0101-1011-0000".into()).unwrap();
        assert_eq!(OrderNumber::parse("OiOl-LoIi-ooOO".into()).unwrap(), zeros_and_ones);
        for text in ["", "K7QM-2F9R-4TX", "K7QM-2F9R-4TXDD", "K7QM-2F9R-4TXU", "K7QM_2F9R_4TXD"] {
            let refused = OrderNumber::parse(text.into()).unwrap_err();
            assert_eq!(refused.code, ProblemCode::InvalidOrderNumber, "{text}");
        }
    }

    #[test]
    fn the_orders_with_a_number_are_a_range_of_identifiers() {
        for millis in [1_767_225_600_000, 1_767_225_600_001, 2_000_000_000_000] {
            let id = OrderId::new(Timestamp::from_unix_millis(millis));
            let ids = OrderNumber::of(id).ids();
            assert!(ids.contains(&id), "{id} is not in {ids:?}");
            assert_eq!(OrderNumber::of(*ids.start()), OrderNumber::of(id));
            assert_eq!(OrderNumber::of(*ids.end()), OrderNumber::of(id));
            let written = OrderNumber::of(id).to_string();
            assert_eq!(OrderNumber::parse(written).unwrap(), OrderNumber::of(id));
        }
    }
}
