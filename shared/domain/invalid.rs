//! Invalid input, field by field.
//!
//! [`Invalid`] is the error type of every request body and query. Deserializing continues after the
//! first invalid field, so that the response lists all of them.

use std::ops::ControlFlow;

use super::problem_code::ProblemCode;
use deserr::{DeserializeError, ErrorKind, IntoValue, MergeWithError, ValueKind, ValuePointerRef};
use serde::Serialize;
use serde_json::{Map, Value};

/// An invalid field, as the problem document lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// A JSON pointer (RFC 6901) into the body, or the name of a query parameter or header.
    pub pointer: String,
    /// The kind of problem.
    pub code: ProblemCode,
    /// What is wrong, and what would be valid.
    pub detail: String,
}

/// All invalid fields of one input: at least one, at most 100.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    fields: Vec<FieldError>,
    facts: Map<String, Value>,
}

/// Why a domain type rejected a value. [`Invalid`] adds the position of the value in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The kind of problem.
    pub code: ProblemCode,
    /// What is wrong, and what would be valid.
    pub detail: String,
}

impl Refused {
    /// Creates a rejection.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

/// The most characters of a member's name in a pointer.
const MAX_NAME_LENGTH: usize = 100;

impl Invalid {
    /// The most fields that are listed, so that a response is not much larger than its request.
    pub(super) const MAX_FIELDS: usize = 100;

    fn of(fields: Vec<FieldError>) -> Self {
        Self { fields, facts: Map::new() }
    }

    /// Creates the error of a single field.
    pub fn for_field(pointer: &str, code: ProblemCode, detail: impl Into<String>) -> Self {
        Self::of(vec![FieldError { pointer: pointer.to_owned(), code, detail: detail.into() }])
    }

    /// Combines the errors of several checks; `Ok` if there are none.
    pub fn collect(errors: impl IntoIterator<Item = Invalid>) -> Result<(), Invalid> {
        errors.into_iter().reduce(|earlier, later| later.and(Some(earlier))).map_or(Ok(()), Err)
    }

    /// The invalid fields, in the order in which they were found.
    pub fn fields(&self) -> &[FieldError] {
        &self.fields
    }

    /// Adds a member to the problem document, such as the values that would be valid.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// The additional members of the problem document.
    pub const fn facts(&self) -> &Map<String, Value> {
        &self.facts
    }

    /// Separates the errors of the members that `is_first` selects by name from the others.
    pub fn split(self, is_first: impl Fn(&str) -> bool) -> (Option<Self>, Option<Self>) {
        let member = |field: &FieldError| is_first(field.pointer.split('/').nth(1).unwrap_or(""));
        let (first, second): (Vec<_>, Vec<_>) = self.fields.into_iter().partition(member);
        let some = |fields: Vec<_>| (!fields.is_empty()).then(|| Self::of(fields));
        (some(first), some(second))
    }

    /// Returns the errors of a query: the leading `/` is removed from each pointer, which leaves
    /// the name of the parameter.
    #[must_use]
    pub fn into_query_errors(mut self) -> Self {
        for field in &mut self.fields {
            // Which of several values of one parameter is meant, only the value itself tells.
            let name = field.pointer.split('/').nth(1).unwrap_or_default();
            field.pointer = name.to_owned();
        }
        self
    }

    fn at(location: ValuePointerRef<'_>, code: ProblemCode, detail: String) -> Self {
        Self::of(vec![FieldError { pointer: pointer(location), code, detail }])
    }

    /// Appends these errors to `earlier` ones.
    pub(super) fn and(self, earlier: Option<Self>) -> Self {
        match earlier {
            None => self,
            Some(mut all) => {
                all.fields.extend(self.fields);
                all.fields.truncate(Self::MAX_FIELDS);
                all.facts.extend(self.facts);
                all
            }
        }
    }
}

impl DeserializeError for Invalid {
    fn error<V: IntoValue>(
        earlier: Option<Self>,
        error: ErrorKind<'_, V>,
        location: ValuePointerRef<'_>,
    ) -> ControlFlow<Self, Self> {
        let this = match error {
            ErrorKind::MissingField { field } => Self::at(
                location.push_key(field),
                ProblemCode::Required,
                "This field is required.".into(),
            ),
            ErrorKind::UnknownKey { key, accepted } => Self::at(
                location.push_key(key),
                ProblemCode::UnknownField,
                format!("Unknown field; the known fields are: {}.", accepted.join(", ")),
            ),
            ErrorKind::UnknownValue { accepted, .. } => Self::at(
                location,
                ProblemCode::UnknownValue,
                format!("Must be one of: {}.", accepted.join(", ")),
            ),
            ErrorKind::IncorrectValueKind { actual, accepted } => Self::at(
                location,
                ProblemCode::WrongType,
                format!("Must be {}, not {}.", names(accepted), name(actual.kind())),
            ),
            ErrorKind::BadSequenceLen { expected, .. } => Self::at(
                location,
                ProblemCode::WrongLength,
                format!("Must have {expected} elements."),
            ),
            ErrorKind::Unexpected { .. } => {
                Self::at(location, ProblemCode::OutOfRange, "The number is out of range.".into())
            }
        };
        ControlFlow::Continue(this.and(earlier))
    }
}

impl MergeWithError<Invalid> for Invalid {
    fn merge(
        earlier: Option<Self>,
        other: Invalid,
        _location: ValuePointerRef<'_>,
    ) -> ControlFlow<Self, Self> {
        ControlFlow::Continue(other.and(earlier))
    }
}

impl MergeWithError<Refused> for Invalid {
    fn merge(
        earlier: Option<Self>,
        refused: Refused,
        location: ValuePointerRef<'_>,
    ) -> ControlFlow<Self, Self> {
        ControlFlow::Continue(Self::at(location, refused.code, refused.detail).and(earlier))
    }
}

/// Returns the JSON pointer (RFC 6901) of a location; names are cut off after 100 characters.
pub(super) fn pointer(location: ValuePointerRef<'_>) -> String {
    match location {
        ValuePointerRef::Origin => String::new(),
        ValuePointerRef::Key { key, prev } => {
            let key: String = key.chars().take(MAX_NAME_LENGTH).collect();
            let escaped = key.replace('~', "~0").replace('/', "~1");
            format!("{}/{escaped}", pointer(*prev))
        }
        ValuePointerRef::Index { index, prev } => format!("{}/{index}", pointer(*prev)),
    }
}

fn names(kinds: &[ValueKind]) -> String {
    let mut names: Vec<_> = kinds.iter().map(|kind| name(*kind)).collect();
    names.dedup();
    names.join(" or ")
}

fn name(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Null => "null",
        ValueKind::Boolean => "true or false",
        ValueKind::Integer | ValueKind::NegativeInteger => "an integer",
        ValueKind::Float => "a decimal number",
        ValueKind::String => "a string",
        ValueKind::Sequence => "an array",
        ValueKind::Map => "an object",
    }
}
