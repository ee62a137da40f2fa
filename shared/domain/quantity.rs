//! Whole numbers within bounds: of units, in a cart or an order and in stock, of grams, and of stars.

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Value, ValuePointerRef, take_cf_content,
};
use schemars::{JsonSchema, Schema};
use serde::{Deserialize, Serialize};

use super::invalid::{Invalid, Refused};
use super::problem_code::ProblemCode;
use super::schema;

/// Defines a whole number from `min` to `max`; any other in a request is 422 with the code.
macro_rules! whole_number {
    ($(#[$doc:meta])* $name:ident, $min:literal, $max:literal, $code:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(transparent)]
        #[schemars(transform = $name::describe)]
        pub struct $name(u32);

        impl $name {
            /// The largest one.
            pub const MAX: u32 = $max;

            fn describe(schema: &mut Schema) {
                schema::between(schema, $min, Self::MAX, ProblemCode::$code);
            }

            /// Returns the number.
            pub const fn get(self) -> u32 {
                self.0
            }
        }

        impl Deserr<Invalid> for $name {
            fn deserialize_from_value<V: IntoValue>(
                value: Value<V>,
                location: ValuePointerRef<'_>,
            ) -> Result<Self, Invalid> {
                integer(value, location, $min, Self::MAX, ProblemCode::$code).map(Self)
            }
        }
    };
}

whole_number! {
    /// The number of units of one SKU in a cart or an order: 1 to 999.
    Quantity, 1, 999, QuantityOutOfRange
}
whole_number! {
    /// The number of units of one SKU in stock: 0 to 1,000,000,000.
    #[derive(Default)]
    Stock, 0, 1_000_000_000, StockOutOfRange
}
whole_number! {
    /// A weight in grams: 0 to 1,000,000,000.
    Weight, 0, 1_000_000_000, WeightOutOfRange
}

whole_number! {
    /// How many stars a review gives a product: 1 to 5.
    Stars, 1, 5, OutOfRange
}

impl Quantity {
    /// Creates a quantity; `None` outside 1 to 999.
    pub const fn new(units: u32) -> Option<Self> {
        if units >= 1 && units <= Self::MAX { Some(Self(units)) } else { None }
    }

    /// Adds two quantities; `None` if the sum is above 999.
    pub const fn plus(self, other: Self) -> Option<Self> {
        Self::new(self.0 + other.0)
    }
}

/// The quantity that a client sets a cart line to: 1 to 999, or 0 (`None`), which removes the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(
    description = "The new quantity of a cart line: 1 to 999, or 0, which removes the line."
)]
#[schemars(transform = NewQuantity::describe)]
pub struct NewQuantity(#[schemars(with = "u32")] pub Option<Quantity>);

impl NewQuantity {
    fn describe(schema: &mut Schema) {
        schema::between(schema, 0, Quantity::MAX, ProblemCode::QuantityOutOfRange);
    }
}

impl Deserr<Invalid> for NewQuantity {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Invalid> {
        integer(value, location, 0, Quantity::MAX, ProblemCode::QuantityOutOfRange)
            .map(|units| Self(Quantity::new(units)))
    }
}

impl Stars {
    /// Every number of stars, the fewest first.
    pub const ALL: [Self; 5] = [Self(1), Self(2), Self(3), Self(4), Self(5)];
}

impl Stock {
    /// Creates a stock; a larger number becomes the largest one.
    pub const fn new(units: u32) -> Self {
        Self(if units > Self::MAX { Self::MAX } else { units })
    }
}

fn integer<V: IntoValue>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
    min: u32,
    max: u32,
    code: ProblemCode,
) -> Result<u32, Invalid> {
    match value {
        Value::Integer(units) if (u64::from(min)..=u64::from(max)).contains(&units) => {
            u32::try_from(units).map_err(|_| Invalid::for_field("", code, "Too large."))
        }
        Value::Integer(_) | Value::NegativeInteger(_) => {
            let refused = Refused::new(code, format!("Must be between {min} and {max}."));
            Err(take_cf_content(deserr::MergeWithError::merge(None, refused, location)))
        }
        other => {
            let kind = ErrorKind::IncorrectValueKind {
                actual: other,
                accepted: &[deserr::ValueKind::Integer],
            };
            Err(take_cf_content(Invalid::error(None, kind, location)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_quantity_is_a_whole_number_from_1_to_999() {
        for (value, code) in [
            (json!(0), "quantity_out_of_range"),
            (json!(-1), "quantity_out_of_range"),
            (json!(1000), "quantity_out_of_range"),
            (json!(u64::MAX), "quantity_out_of_range"),
            (json!(1.5), "wrong_type"),
            (json!("1"), "wrong_type"),
            (json!(null), "wrong_type"),
        ] {
            let invalid = deserr::deserialize::<Quantity, _, Invalid>(value.clone()).unwrap_err();
            assert_eq!(invalid.fields()[0].code.slug(), code, "{value}");
        }
        for value in [1, 999] {
            assert!(deserr::deserialize::<Quantity, _, Invalid>(json!(value)).is_ok());
        }
    }
}
