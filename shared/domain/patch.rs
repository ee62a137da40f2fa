//! Members of a merge patch (RFC 7396): left out, null, or a value.

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
        T::deserialize_from_value(value, location).map(Self::By)
    }
}

impl<T: Deserr<Invalid>> Deserr<Invalid> for Patch<T> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Invalid> {
        match value {
            Value::Null => Ok(Self::Remove),
            value => T::deserialize_from_value(value, location).map(Self::Set),
        }
    }
}
