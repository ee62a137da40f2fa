//! Options, such as size and color, which distinguish the variants of a product.

mod changes;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Map, MergeWithError, Value, ValueKind,
    ValuePointerRef, take_cf_content,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize, Serializer};

use crate::domain::invalid::{Invalid, Refused};
use crate::domain::problem_code::ProblemCode;
use crate::domain::schema;
use crate::domain::text::{Label, OptionValue, fold_case};

pub use changes::OptionChanges;

/// The most option names of one product, over all its variants.
pub(super) const MAX_OPTIONS: usize = 5;

/// The most bytes of a variant's option names and values together.
const MAX_BYTES: usize = 1024;

/// A variant's options: pairs of name and value, in the order of the product's option names.
///
/// Names are compared without regard to case, values with regard to case. Requests and responses
/// have an object ([`Options::as_object`]); the table stores a list of pairs, because a DynamoDB
/// map has no order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Options(Vec<(String, String)>);

/// The names of a product's options, in the order and spelling in which views show them; no two
/// differ in case only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OptionNames(Vec<String>);

impl Options {
    /// Returns the pairs of name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the value of an option, whose name is compared without regard to case.
    pub fn get(&self, name: &str) -> Option<&str> {
        let name = fold_case(name);
        self.iter().find(|(own, _)| fold_case(own) == name).map(|(_, value)| value)
    }

    /// Serializes the options as an object whose members have the order of the options.
    pub fn as_object<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }

    /// Returns a value to compare options by: the order and case of the names make no difference.
    pub(super) fn identity(&self) -> BTreeMap<String, &str> {
        self.iter().map(|(name, value)| (fold_case(name), value)).collect()
    }

    /// Returns the options in the order and spelling of `names`; options whose name is not in
    /// `names` are left out.
    #[must_use]
    pub(super) fn named(&self, names: &OptionNames) -> Self {
        let named = |name: &String| Some((name.clone(), self.get(name)?.to_owned()));
        Self(names.0.iter().filter_map(named).collect())
    }
}

impl OptionNames {
    /// The number of names.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns the names as a body has them.
    pub(super) fn labels(&self) -> Vec<Label> {
        self.0.iter().filter_map(|name| Label::parse(name.clone()).ok()).collect()
    }

    /// Adds a name if it is new; returns whether it was.
    pub(super) fn add(&mut self, name: &str) -> bool {
        let folded = fold_case(name);
        let is_new = self.0.iter().all(|known| fold_case(known) != folded);
        if is_new {
            self.0.push(name.to_owned());
        }
        is_new
    }

    /// Adds the names of a variant's options that are new.
    pub(super) fn add_of(&mut self, options: &Options) {
        for (name, _) in options.iter() {
            self.add(name);
        }
    }
}

/// An object, as requests and responses have it.
impl JsonSchema for Options {
    fn schema_name() -> Cow<'static, str> {
        "Options".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (name, value) =
            (generator.subschema_for::<Label>(), generator.subschema_for::<OptionValue>());
        let mut schema = json_schema!({
            "description": "A variant's options: names and values, such as `{\"size\": \"M\"}`. \
                            Names differ in more than case.",
            "type": "object",
            "propertyNames": name,
            "additionalProperties": value,
            "maxProperties": MAX_OPTIONS,
        });
        let codes = [ProblemCode::Duplicate, ProblemCode::TooMany, ProblemCode::OptionsTooLong];
        schema::refuse(&mut schema, &codes);
        schema
    }
}

impl JsonSchema for OptionNames {
    fn schema_name() -> Cow<'static, str> {
        "OptionNames".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The names of a product's options, in the order in which views show \
                            them.",
            "type": "array",
            "items": generator.subschema_for::<Label>(),
        })
    }
}

/// Reads an object.
impl Deserr<Invalid> for Options {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Invalid> {
        let pairs = read_pairs(value, location, |value, at| {
            let value = OptionValue::deserialize_from_value(value, at)?;
            Ok(value.as_str().to_owned())
        })?;
        Self::of(pairs).map_err(|refused| refuse(refused, location))
    }
}

impl Options {
    /// Creates options of pairs of name and value, no two names being the same. Refused if they are
    /// too many or too long.
    fn of(pairs: Vec<(String, String)>) -> Result<Self, Refused> {
        if pairs.len() > MAX_OPTIONS {
            return Err(Refused::new(ProblemCode::TooMany, too_many()));
        }
        let bytes: usize = pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
        if bytes > MAX_BYTES {
            let detail = "The names and values of a variant's options have at most 1,024 bytes of \
                          UTF-8 together.";
            return Err(Refused::new(ProblemCode::OptionsTooLong, detail));
        }
        Ok(Self(pairs))
    }
}

/// Reads the names and values of an object, each value by `read`; all errors are collected. Written
/// by hand because `deserr` 0.6.4 loses the errors of a map's entries.
fn read_pairs<V: IntoValue, T>(
    value: Value<V>,
    location: ValuePointerRef<'_>,
    read: impl Fn(Value<V>, ValuePointerRef<'_>) -> Result<T, Invalid>,
) -> Result<Vec<(String, T)>, Invalid> {
    let entries = match value {
        Value::Map(entries) => entries,
        actual => {
            let kind = ErrorKind::IncorrectValueKind { actual, accepted: &[ValueKind::Map] };
            return Err(take_cf_content(Invalid::error(None, kind, location)));
        }
    };
    // A row of an import may name the options of the whole shop, so each name is folded once.
    let (mut pairs, mut folded, mut broken) = (Vec::new(), HashSet::new(), Vec::new());
    for (name, value) in entries.into_iter() {
        let at = location.push_key(&name);
        let value = read(value.into_value(), at);
        let name = Label::parse(name.clone()).map_err(|refused| refuse(refused, at));
        match (name, value) {
            (Ok(name), Ok(value)) if folded.insert(fold_case(name.as_str())) => {
                pairs.push((name.as_str().to_owned(), value));
            }
            (Ok(_), Ok(_)) => {
                let detail = "Another option has this name.";
                broken.push(refuse(Refused::new(ProblemCode::Duplicate, detail), at));
            }
            (name, value) => broken.extend(name.err().into_iter().chain(value.err())),
        }
    }
    Invalid::collect(broken)?;
    Ok(pairs)
}

/// The detail of the error `too_many`.
pub(super) fn too_many() -> String {
    format!("A product has at most {MAX_OPTIONS} options, over all its variants.")
}

fn refuse(refused: Refused, location: ValuePointerRef<'_>) -> Invalid {
    take_cf_content(Invalid::merge(None, refused, location))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::json::Json;

    fn options(text: &str) -> Options {
        Json::parse(text.as_bytes()).unwrap().read().unwrap()
    }

    #[test]
    fn an_option_is_found_by_its_name_in_any_case() {
        let options = options(r#"{"Größe": "M", "colour": "Navy"}"#);
        assert_eq!(options.get("GRÖSSE"), Some("M"));
        assert_eq!(options.get("Colour"), Some("Navy"));
        assert_eq!(options.get("fit"), None);
    }

    #[test]
    fn options_are_the_same_in_any_order_and_case_of_their_names_but_not_of_their_values() {
        let identity = |text: &str| {
            let options = options(text);
            let owned = |(name, value): (String, &str)| (name, value.to_owned());
            options.identity().into_iter().map(owned).collect::<Vec<_>>()
        };
        let first = identity(r#"{"size": "M", "colour": "navy"}"#);
        assert_eq!(identity(r#"{"COLOUR": "navy", "Size": "M"}"#), first);
        assert_ne!(identity(r#"{"colour": "Navy", "size": "M"}"#), first);
        assert_ne!(identity(r#"{"size": "M"}"#), first);
    }

    #[test]
    fn names_keep_the_order_and_spelling_of_their_first_appearance() {
        let mut names = OptionNames::default();
        for text in [r#"{"Size": "M", "colour": "a"}"#, r#"{"fit": "slim", "SIZE": "M"}"#] {
            names.add_of(&options(text));
        }
        assert_eq!(names, OptionNames(["Size", "colour", "fit"].map(str::to_owned).into()));
        let named = options(r#"{"FIT": "slim", "size": "M"}"#).named(&names);
        assert_eq!(named.iter().collect::<Vec<_>>(), [("Size", "M"), ("fit", "slim")]);
    }

    #[test]
    fn options_are_stored_as_a_list_and_shown_as_an_object_in_one_order() {
        #[derive(Serialize)]
        struct View(#[serde(serialize_with = "Options::as_object")] Options);
        let options = options(r#"{"size": "M", "colour": "navy"}"#);
        let stored = serde_json::to_string(&options).unwrap();
        assert_eq!(stored, r#"[["size","M"],["colour","navy"]]"#);
        assert_eq!(serde_json::from_str::<Options>(&stored).unwrap(), options);
        let shown = serde_json::to_string(&View(options)).unwrap();
        assert_eq!(shown, r#"{"size":"M","colour":"navy"}"#);
    }
}
