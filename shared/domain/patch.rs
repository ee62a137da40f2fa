//! Members of a JSON merge patch (RFC 7396): absent, null, or a value. A text without visible
//! characters counts as absent.

use std::borrow::Cow;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::invalid::Invalid;
use super::schema;
use super::unicode;

/// A merge patch's change to a value that can be removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// The member is absent: the value stays.
    #[default]
    Keep,
    /// The member is null: the value is removed.
    Remove,
    /// The new value.
    Set(T),
}

/// A merge patch's change to a value that can't be removed; null is passed to `T`, which rejects
/// it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Replace<T> {
    /// The member is absent: the value stays.
    #[default]
    Keep,
    /// The new value.
    By(T),
}

impl<T: Deserr<Invalid>> Deserr<Invalid> for Replace<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Invalid> {
        match value {
            Value::String(text) if unicode::shows_nothing(&text) => Ok(Self::Keep),
            value => T::deserialize_from_value(value, location).map(Self::By),
        }
    }
}

impl<T: Deserr<Invalid>> Deserr<Invalid> for Patch<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Invalid> {
        match value {
            Value::Null => Ok(Self::Remove),
            Value::String(text) if unicode::shows_nothing(&text) => Ok(Self::Keep),
            value => T::deserialize_from_value(value, location).map(Self::Set),
        }
    }
}

/// Implements [`JsonSchema`] for a wrapper: the schema of its value, or one of these schemas.
macro_rules! described_as {
    ($name:ident, $($more:expr),+) => {
        impl<T: JsonSchema> JsonSchema for $name<T> {
            fn schema_name() -> Cow<'static, str> {
                format!("{}{}", stringify!($name), T::schema_name()).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                schema::any_of(vec![generator.subschema_for::<T>(), $($more),+])
            }
        }
    };
}

described_as!(Replace, schema::blank());
described_as!(Patch, json_schema!({ "type": "null" }), schema::blank());
described_as!(Optional, json_schema!({ "type": "null" }), schema::blank());

/// An optional member of a body; missing, null and an empty text all mean `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Optional<T>(Option<T>);

impl<T: Deserr<Invalid>> Deserr<Invalid> for Optional<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Invalid> {
        match value {
            Value::Null => Ok(Self(None)),
            Value::String(text) if unicode::shows_nothing(&text) => Ok(Self(None)),
            value => T::deserialize_from_value(value, location).map(|value| Self(Some(value))),
        }
    }
}

impl<T> From<Optional<T>> for Option<T> {
    fn from(Optional(value): Optional<T>) -> Self {
        value
    }
}
