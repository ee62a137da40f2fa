//! The query of a URL, read into types whose fields are domain types.

use std::cell::Cell;

use deserr::{Deserr, IntoValue, Map, Value, ValueKind};

use crate::domain::error::{Error, Result};
use crate::domain::invalid::Invalid;
use crate::domain::unicode;

/// A parameter and its value.
pub(super) type Pair = (String, String);

/// Reads a query. If a parameter is given more than once, the first one counts. Unknown parameters
/// are ignored, and so are those without visible characters in their value.
pub(super) fn read<T: Deserr<Invalid>>(query: &[Pair]) -> Result<T> {
    read_with_known(query).map(|(read, _)| read)
}

/// Reads a query, and also returns the given parameters that `T` has.
pub(super) fn read_with_known<T: Deserr<Invalid>>(query: &[Pair]) -> Result<(T, Vec<Pair>)> {
    let mut first: Vec<(&Pair, Cell<bool>)> = Vec::new();
    for pair in query.iter().filter(|(_, value)| !unicode::shows_nothing(value)) {
        if !first.iter().any(|((name, _), _)| *name == pair.0) {
            first.push((pair, Cell::new(false)));
        }
    }
    let given = Part::All(first.iter().map(|(pair, is_read)| Given { pair, is_read }).collect());
    let read = deserr::deserialize(given)
        .map_err(|invalid: Invalid| Error::Invalid(invalid.into_query_errors()))?;
    let known = first.into_iter().filter(|(_, is_read)| is_read.get());
    Ok((read, known.map(|(pair, _)| pair.clone()).collect()))
}

/// A parameter that records whether its value was read.
struct Given<'a> {
    pair: &'a Pair,
    is_read: &'a Cell<bool>,
}

/// The query, or one of its parameters.
enum Part<'a> {
    All(Vec<Given<'a>>),
    One(Given<'a>),
}

impl<'a> IntoValue for Part<'a> {
    type Sequence = Vec<Self>;
    type Map = Members<'a>;

    fn kind(&self) -> ValueKind {
        match self {
            Self::All(_) => ValueKind::Map,
            Self::One(_) => ValueKind::String,
        }
    }

    fn into_value(self) -> Value<Self> {
        match self {
            Self::All(parameters) => Value::Map(Members(parameters)),
            Self::One(Given { pair: (_, value), is_read }) => {
                is_read.set(true);
                Value::String(value.clone())
            }
        }
    }
}

struct Members<'a>(Vec<Given<'a>>);

impl<'a> Map for Members<'a> {
    type Value = Part<'a>;
    type Iter = std::vec::IntoIter<(String, Part<'a>)>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn remove(&mut self, name: &str) -> Option<Part<'a>> {
        let position = self.0.iter().position(|given| given.pair.0 == name)?;
        Some(Part::One(self.0.remove(position)))
    }

    fn into_iter(self) -> Self::Iter {
        let member = |given: Given<'a>| (given.pair.0.clone(), Part::One(given));
        self.0.into_iter().map(member).collect::<Vec<_>>().into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserr, PartialEq)]
    #[deserr(error = Invalid)]
    struct Filters {
        #[deserr(default)]
        size: Option<String>,
        #[deserr(default)]
        color: Option<String>,
    }

    #[test]
    fn known_parameters_are_read_and_returned_and_others_ignored() {
        let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let given =
            [("x", "1"), ("size", ""), ("color", "red"), ("size", "M"), ("size", "L"), ("x", "2")];
        let (read, known) = read_with_known::<Filters>(&given.map(pair)).unwrap();
        assert_eq!(read, Filters { size: Some("M".into()), color: Some("red".into()) });
        assert_eq!(known, [("color", "red"), ("size", "M")].map(pair));
    }
}
