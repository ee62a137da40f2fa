//! The number of units by which an admin changes a stock.

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValueKind, ValuePointerRef,
    take_cf_content,
};
use schemars::{JsonSchema, Schema, json_schema};

use crate::domain::invalid::{Invalid, Refused};
use crate::domain::problem_code::ProblemCode;
use crate::domain::quantity::Stock;
use crate::domain::schema;

/// The number of units added to a stock (positive) or removed from it (negative); never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(transform = StockDelta::describe)]
pub struct StockDelta(i64);

impl StockDelta {
    const MAX: i64 = Stock::MAX as i64;

    fn describe(schema: &mut Schema) {
        schema.insert("minimum".to_owned(), (-Self::MAX).into());
        schema.insert("maximum".to_owned(), Self::MAX.into());
        schema.insert("not".to_owned(), json_schema!({ "const": 0 }).into());
        schema::refuse(schema, &[ProblemCode::StockOutOfRange]);
    }

    /// Returns the number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl Deserr<Invalid> for StockDelta {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Invalid> {
        let units = match value {
            Value::Integer(units) => i64::try_from(units).ok(),
            Value::NegativeInteger(units) => Some(units),
            other => {
                let accepted = &[ValueKind::Integer, ValueKind::NegativeInteger];
                let kind = ErrorKind::IncorrectValueKind { actual: other, accepted };
                return Err(take_cf_content(Invalid::error(None, kind, location)));
            }
        };
        let is_in_range = |units: &i64| *units != 0 && (-Self::MAX..=Self::MAX).contains(units);
        units.filter(is_in_range).map(Self).ok_or_else(|| {
            let detail = format!("Must be between -{0} and {0}, and not 0.", Self::MAX);
            let refused = Refused::new(ProblemCode::StockOutOfRange, detail);
            take_cf_content(deserr::MergeWithError::merge(None, refused, location))
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_delta_is_a_whole_number_but_0() {
        for (value, code) in [
            (json!(0), "stock_out_of_range"),
            (json!(1_000_000_001), "stock_out_of_range"),
            (json!(-1_000_000_001), "stock_out_of_range"),
            (json!(i64::MIN), "stock_out_of_range"),
            (json!(u64::MAX), "stock_out_of_range"),
            (json!(0.5), "wrong_type"),
            (json!("1"), "wrong_type"),
            (json!(null), "wrong_type"),
        ] {
            let invalid = deserr::deserialize::<StockDelta, _, Invalid>(value.clone()).unwrap_err();
            assert_eq!(invalid.fields()[0].code.slug(), code, "{value}");
        }
        for units in [1, -1, 1_000_000_000, -1_000_000_000] {
            let delta = deserr::deserialize::<StockDelta, _, Invalid>(json!(units)).unwrap();
            assert_eq!(delta.get(), units);
        }
    }
}
