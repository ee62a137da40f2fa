//! The query of a URL, read into types whose fields are domain types.

use std::cell::Cell;

use deserr::{Deserr, IntoValue, Map, Value, ValueKind};

use crate::domain::error::{Error, Result};
use crate::domain::invalid::Invalid;
use crate::domain::unicode;

/// A parameter and its value.
pub(super) type Pair = (String, String);

/// The parameters that may be given several times, and then are a list.
const REPEATABLE: [&str; 1] = ["tag"];

/// Reads a query. If a parameter is given more than once, the first one counts, unless it is
/// repeatable. Unknown parameters are ignored, and so are those without visible characters in their
/// value.
pub(super) fn read<T: Deserr<Invalid>>(query: &[Pair]) -> Result<T> {
    read_with_known(query).map(|(read, _)| read)
}

/// Reads a query, and also returns the given parameters that `T` has.
pub(super) fn read_with_known<T: Deserr<Invalid>>(query: &[Pair]) -> Result<(T, Vec<Pair>)> {
    let mut first: Vec<(&Pair, Cell<bool>)> = Vec::new();
    for pair in query.iter().filter(|(_, value)| !unicode::shows_nothing(value)) {
        if is_repeatable(&pair.0) || !first.iter().any(|((name, _), _)| *name == pair.0) {
            first.push((pair, Cell::new(false)));
        }
    }
    let given = Part::All(first.iter().map(|(pair, is_read)| Given { pair, is_read }).collect());
    let read = deserr::deserialize(given)
        .map_err(|invalid: Invalid| Error::Invalid(invalid.into_query_errors()))?;
    let known = first.into_iter().filter(|(_, is_read)| is_read.get());
    Ok((read, known.map(|(pair, _)| pair.clone()).collect()))
}

fn is_repeatable(name: &str) -> bool {
    REPEATABLE.contains(&name)
}

/// A parameter that records whether its value was read.
struct Given<'a> {
    pair: &'a Pair,
    is_read: &'a Cell<bool>,
}

/// The query, or one of its parameters.
enum Part<'a> {
    All(Vec<Given<'a>>),
    Several(Vec<Given<'a>>),
    One(Given<'a>),
}

impl<'a> IntoValue for Part<'a> {
    type Sequence = Vec<Self>;
    type Map = Members<'a>;

    fn kind(&self) -> ValueKind {
        match self {
            Self::All(_) => ValueKind::Map,
            Self::Several(_) => ValueKind::Sequence,
            Self::One(_) => ValueKind::String,
        }
    }

    fn into_value(self) -> Value<Self> {
        match self {
            Self::All(parameters) => Value::Map(Members(parameters)),
            Self::Several(values) => Value::Sequence(values.into_iter().map(Self::One).collect()),
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
        let (named, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.0).into_iter().partition(|given| given.pair.0 == name);
        self.0 = others;
        part(named)
    }

    fn into_iter(mut self) -> Self::Iter {
        let mut members = Vec::new();
        while let Some(name) = self.0.first().map(|given| given.pair.0.clone()) {
            members.extend(self.remove(&name).map(|part| (name, part)));
        }
        members.into_iter()
    }
}

/// Returns what the values of one parameter are: a list if it is repeatable.
fn part(mut named: Vec<Given<'_>>) -> Option<Part<'_>> {
    match named.first() {
        Some(given) if is_repeatable(&given.pair.0) => Some(Part::Several(named)),
        Some(_) => Some(Part::One(named.remove(0))),
        None => None,
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
        #[deserr(default)]
        tag: Vec<String>,
    }

    #[test]
    fn known_parameters_are_read_and_returned_and_others_ignored() {
        let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let given =
            [("x", "1"), ("size", ""), ("color", "red"), ("size", "M"), ("size", "L"), ("x", "2")];
        let (read, known) = read_with_known::<Filters>(&given.map(pair)).unwrap();
        assert_eq!(
            read,
            Filters { size: Some("M".into()), color: Some("red".into()), tag: Vec::new() }
        );
        assert_eq!(known, [("color", "red"), ("size", "M")].map(pair));
    }

    #[test]
    fn a_repeatable_parameter_is_a_list() {
        let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        for tags in [&["new"][..], &["new", "gift", "new"]] {
            let given: Vec<_> =
                [("size", "M")].into_iter().chain(tags.iter().map(|tag| ("tag", *tag))).collect();
            let given: Vec<Pair> = given.into_iter().map(pair).collect();
            let (read, known) = read_with_known::<Filters>(&given).unwrap();
            assert_eq!(
                (read.size.as_deref(), read.tag),
                (Some("M"), tags.iter().map(|tag| (*tag).to_owned()).collect())
            );
            assert_eq!(known, given);
        }
    }
}
