//! JSON as clients send it.
//!
//! Unlike `serde_json::Value`, [`Json`] keeps an object's members in the order of the text and
//! rejects an object in which two members have the same name: parsers disagree about which of them
//! counts (RFC 8259, section 4), and a quantity or an amount must not depend on that.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use deserr::{Deserr, IntoValue, Map, Value, ValueKind, ValuePointerRef};
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, Serialize, Serializer};
use serde_json::error::Category;

use super::error::{Error, Result};
use super::invalid::{self, Invalid};
use super::problem_code::ProblemCode;
use super::unicode;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number from 0 to 2^64 − 1.
    Integer(u64),
    /// A whole number from −2^63 to −1.
    NegativeInteger(i64),
    /// Any other number: one with a decimal point or an exponent, or one beyond those bounds.
    Float(f64),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(Object),
}

/// The members of an object in the order of the text; no two have the same name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object(Vec<(String, Json)>);

impl Json {
    /// Parses a text. 400 `invalid_json` if it is not JSON or is nested more than 127 levels deep;
    /// 400 `duplicate_member`, with the JSON pointer of the member in its detail, if two members of
    /// an object have the same name.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let duplicate = Cell::new(None);
        let element = Element { at: ValuePointerRef::Origin, duplicate: &duplicate };
        let mut reader = serde_json::Deserializer::from_slice(text);
        let json = element.deserialize(&mut reader).and_then(|json| reader.end().map(|()| json));
        json.map_err(|error| match duplicate.take() {
            Some(pointer) => Error::Malformed {
                code: ProblemCode::DuplicateMember,
                detail: format!("The member {pointer} is named twice; name it once."),
            },
            None => Error::Malformed {
                code: ProblemCode::InvalidJson,
                detail: match error.classify() {
                    Category::Eof if text.is_empty() => {
                        "The body is empty; send a JSON object.".to_owned()
                    }
                    _ => format!("The body is not valid JSON: {error}."),
                },
            },
        })
    }

    /// Creates `{}`.
    pub fn empty_object() -> Self {
        Self::Object(Object::default())
    }

    /// Deserializes the value into a type whose fields are domain types.
    pub fn read<T: Deserr<Invalid>>(self) -> Result<T, Invalid> {
        deserr::deserialize(self)
    }

    /// Removes the member at `path`, if it exists. `id` removes a member of this object,
    /// `variants.available` the member `available` of every element of the array `variants`.
    pub fn remove(&mut self, path: &str) {
        match (path.split_once('.'), self) {
            (None, Self::Object(object)) => {
                object.remove(path);
            }
            (Some((list, rest)), Self::Object(Object(members))) => {
                let list = members.iter_mut().find(|(name, _)| name == list);
                if let Some((_, Self::Array(elements))) = list {
                    elements.iter_mut().for_each(|element| element.remove(rest));
                }
            }
            _ => {}
        }
    }

    /// Writes the value in its canonical form, so that equal values have equal texts: members
    /// sorted by name, no white space, numbers and strings as `serde_json` writes them, in
    /// Unicode normalization form C.
    pub fn canonical(&self) -> Result<String> {
        let text = serde_json::to_string(&Canonical(self)).map_err(Error::internal)?;
        Ok(unicode::nfc(&text).into_owned())
    }
}

/// If several members have the same name, the first counts and the others are dropped.
impl FromIterator<(String, Json)> for Object {
    fn from_iter<I: IntoIterator<Item = (String, Json)>>(members: I) -> Self {
        let mut object = Self::default();
        for (name, value) in members {
            if !object.0.iter().any(|(known, _)| *known == name) {
                object.0.push((name, value));
            }
        }
        object
    }
}

impl IntoValue for Json {
    type Sequence = Vec<Self>;
    type Map = Object;

    fn kind(&self) -> ValueKind {
        match self {
            Self::Null => ValueKind::Null,
            Self::Bool(_) => ValueKind::Boolean,
            Self::Integer(_) => ValueKind::Integer,
            Self::NegativeInteger(_) => ValueKind::NegativeInteger,
            Self::Float(_) => ValueKind::Float,
            Self::String(_) => ValueKind::String,
            Self::Array(_) => ValueKind::Sequence,
            Self::Object(_) => ValueKind::Map,
        }
    }

    fn into_value(self) -> Value<Self> {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Boolean(value),
            Self::Integer(value) => Value::Integer(value),
            Self::NegativeInteger(value) => Value::NegativeInteger(value),
            Self::Float(value) => Value::Float(value),
            Self::String(value) => Value::String(value),
            Self::Array(elements) => Value::Sequence(elements),
            Self::Object(members) => Value::Map(members),
        }
    }
}

impl Map for Object {
    type Value = Json;
    type Iter = std::vec::IntoIter<(String, Json)>;

    fn len(&self) -> usize {
        self.0.len()
    }

    fn remove(&mut self, name: &str) -> Option<Json> {
        let position = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(position).1)
    }

    fn into_iter(self) -> Self::Iter {
        self.0.into_iter()
    }
}

/// Reads one value, whose location in the text is `at`. The JSON pointer of a duplicate member is
/// returned through `duplicate`, since an error of `serde_json` can only carry a text.
#[derive(Clone, Copy)]
struct Element<'a> {
    at: ValuePointerRef<'a>,
    duplicate: &'a Cell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Element<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Integer(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(u64::try_from(value).map_or(Json::NegativeInteger(value), Json::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Json, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = sequence
            .next_element_seed(Element { at: self.at.push_index(elements.len()), ..self })?
        {
            elements.push(element);
        }
        Ok(Json::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(Element { at: self.at.push_key(&name), ..self })?;
            members.push((name, value));
        }
        let mut names = HashSet::with_capacity(members.len());
        if let Some((name, _)) = members.iter().find(|(name, _)| !names.insert(name)) {
            self.duplicate.set(Some(invalid::pointer(self.at.push_key(name))));
            return Err(A::Error::custom("a member is named twice"));
        }
        Ok(Json::Object(Object(members)))
    }
}

struct Canonical<'a>(&'a Json);

impl Serialize for Canonical<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(value) => serializer.serialize_bool(*value),
            Json::Integer(value) => serializer.serialize_u64(*value),
            Json::NegativeInteger(value) => serializer.serialize_i64(*value),
            Json::Float(value) => serializer.serialize_f64(*value),
            Json::String(value) => serializer.serialize_str(value),
            Json::Array(elements) => serializer.collect_seq(elements.iter().map(Canonical)),
            Json::Object(Object(members)) => {
                let mut members: Vec<_> =
                    members.iter().map(|(name, value)| (name, Canonical(value))).collect();
                members.sort_unstable_by_key(|(name, _)| *name);
                serializer.collect_map(members)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Json {
        Json::parse(text.as_bytes()).unwrap()
    }

    /// The code and detail of the error for a text.
    fn refusal(text: &str) -> (&'static str, String) {
        match Json::parse(text.as_bytes()) {
            Err(Error::Malformed { code, detail }) => (code.slug(), detail),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn members_keep_the_order_of_the_text() {
        let Json::Object(object) = parse(r#"{"size": "M", "color": 1, "age": [null, true]}"#)
        else {
            panic!("not an object");
        };
        let names: Vec<_> = object.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["size", "color", "age"]);
    }

    #[test]
    fn numbers_are_distinguished_by_sign_and_decimal_point() {
        for (text, value) in [
            ("0", Json::Integer(0)),
            ("18446744073709551615", Json::Integer(u64::MAX)),
            ("-1", Json::NegativeInteger(-1)),
            ("-9223372036854775808", Json::NegativeInteger(i64::MIN)),
            ("1.0", Json::Float(1.0)),
            ("1e2", Json::Float(100.0)),
            ("18446744073709551616", Json::Float(18_446_744_073_709_551_616.0)),
        ] {
            assert_eq!(parse(text), value, "{text}");
        }
    }

    #[test]
    fn a_duplicate_member_is_rejected_with_its_pointer() {
        for (text, pointer) in [
            (r#"{"a": 1, "a": 1}"#, "/a"),
            (r#"{"a": 1, "b": 2, "a": {}}"#, "/a"),
            (r#"{"items": [{}, {"sku": "A", "quantity": 1, "sku": "B"}]}"#, "/items/1/sku"),
            (r#"{"a": {"a": 1}, "b": {"c/d": {"~": 1, "~": 2}}}"#, "/b/c~1d/~0"),
            (r#"{"size": 1, "\u0073ize": 2}"#, "/size"),
            (r#"[[{"": 1, "": 2}]]"#, "/0/0/"),
        ] {
            let (code, detail) = refusal(text);
            assert_eq!(code, "duplicate_member", "{text}");
            let expected = format!("The member {pointer} is named twice; name it once.");
            assert_eq!(detail, expected, "{text}");
        }
        parse(r#"{"a": {"a": [{"a": 1}, {"a": 1}]}, "A": 1, "a ": 1}"#);
    }

    #[test]
    fn invalid_or_deeply_nested_json_is_an_error_and_no_crash() {
        let deep = |open: &str, close: &str| open.repeat(5000) + &close.repeat(5000);
        let (arrays, objects) = (deep("[", "]"), deep("{\"a\":", "}"));
        for text in ["", " ", "{", "{}{}", "nul", "1e999", "\"\\ud800\"", &arrays, &objects] {
            assert_eq!(refusal(text).0, "invalid_json", "{text:.20}");
        }
    }

    #[test]
    fn equal_values_have_equal_canonical_texts() {
        let canonical = |text: &str| parse(text).canonical().unwrap();
        let text =
            r#" { "b" : [1, -2, 1.50, 1e2], "a": {"d": "\u00e9\n", "c": null}, "Z": true } "#;
        let expected = r#"{"Z":true,"a":{"c":null,"d":"é\n"},"b":[1,-2,1.5,100.0]}"#;
        assert_eq!(canonical(text), expected);
        assert_eq!(canonical(expected), expected);
        let sorted: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(sorted.to_string(), expected, "as `serde_json` writes it");
        for other in ["[1,2]", "[2,1]", "[1,\"2\"]", "[1,2.0]", "[1,2,null]", "{}", "[]", "null"] {
            assert_eq!(canonical(other), other, "each is another value");
        }
    }

    #[test]
    fn a_member_is_removed_by_its_path() {
        let mut json = parse(r#"{"id": 1, "list": [{"id": 2, "a": 3}, 4, {"a": 5}], "a": {}}"#);
        for path in ["id", "list.id", "a.id", "b.id", "c"] {
            json.remove(path);
        }
        assert_eq!(json.canonical().unwrap(), r#"{"a":{},"list":[{"a":3},4,{"a":5}]}"#);
    }

    #[test]
    fn of_members_with_the_same_name_the_first_counts() {
        let text = |text: &str| Json::String(text.to_owned());
        let pairs = [("a", "1"), ("b", "2"), ("a", "3")];
        let object: Object =
            pairs.into_iter().map(|(name, value)| (name.to_owned(), text(value))).collect();
        let members: Vec<_> = object.into_iter().collect();
        assert_eq!(members, [("a".to_owned(), text("1")), ("b".to_owned(), text("2"))]);
    }
}
