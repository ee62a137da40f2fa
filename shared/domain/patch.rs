//! Members of a merge patch (RFC 7396): left out, null, or a value. An empty text counts as left out.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};

use super::invalid::Invalid;

/// What a merge patch says of a member that may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// Left out: it stays as it is.
    #[default]
    Keep,
    /// Null: it goes.
    Remove,
    /// It becomes this.
    Set(T),
}

/// What a merge patch says of a member that is always there: null is no value for it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Replace<T> {
    /// Left out: it stays as it is.
    #[default]
    Keep,
    /// It becomes this.
    By(T),
}

impl<T: Deserr<Invalid>> Deserr<Invalid> for Replace<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Invalid> {
        match value {
            Value::String(text) if text.is_empty() => Ok(Self::Keep),
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
            Value::String(text) if text.is_empty() => Ok(Self::Keep),
            value => T::deserialize_from_value(value, location).map(Self::Set),
        }
    }
}

/// A member that may be missing, null or an empty text, which count alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Optional<T>(Option<T>);

impl<T: Deserr<Invalid>> Deserr<Invalid> for Optional<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Invalid> {
        match value {
            Value::Null => Ok(Self(None)),
            Value::String(text) if text.is_empty() => Ok(Self(None)),
            value => T::deserialize_from_value(value, location).map(|value| Self(Some(value))),
        }
    }
}

impl<T> From<Optional<T>> for Option<T> {
    fn from(Optional(value): Optional<T>) -> Self {
        value
    }
}
