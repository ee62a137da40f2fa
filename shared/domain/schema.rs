//! JSON Schemas of the domain's types, for the API's OpenAPI document.
//!
//! Each type describes itself with the constants and functions that also check its values. Only the
//! command that writes the document, and the tests that hold responses to it, call these functions.

use std::fmt::Write;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::problem_code::ProblemCode;
use super::unicode;

/// The member of a schema that lists the problem codes of values that the type rejects.
pub const PROBLEM_CODES: &str = "x-problem-codes";

/// Adds the problem codes of values that the type rejects.
pub fn refuse(schema: &mut Schema, codes: &[ProblemCode]) {
    let all = schema.ensure_object().entry(PROBLEM_CODES).or_insert_with(|| json!([]));
    all.as_array_mut().into_iter().for_each(|all| all.extend(codes.iter().map(|code| json!(code))));
}

/// Sets the smallest and largest length of a text, in characters.
pub fn bound(schema: &mut Schema, min: usize, max: usize) {
    schema.insert("minLength".to_owned(), min.into());
    schema.insert("maxLength".to_owned(), max.into());
}

/// Describes an integer from `min` to `max`; any other is rejected with this code.
pub fn between(schema: &mut Schema, min: u32, max: u32, code: ProblemCode) {
    schema.insert("type".to_owned(), "integer".into());
    schema.insert("minimum".to_owned(), min.into());
    schema.insert("maximum".to_owned(), max.into());
    refuse(schema, &[code]);
}

/// Returns the pattern of a text, which may be empty, of the characters that `is_allowed` accepts.
pub fn text_of(is_allowed: impl Fn(char) -> bool) -> String {
    format!("^{}*$", characters(is_allowed))
}

/// Returns the pattern of a text of the characters that `is_allowed` accepts, of which at least one
/// is visible.
pub fn visible_text_of(is_allowed: impl Fn(char) -> bool) -> String {
    let visible = characters(|c| is_allowed(c) && !unicode::is_hidden(c));
    let any = characters(is_allowed);
    format!("^{any}*{visible}{any}*$")
}

/// Returns the schema of an empty text, which counts as an absent member. So does every other text
/// without visible characters, but clients have no reason to send one.
pub fn blank() -> Schema {
    json_schema!({ "type": "string", "maxLength": 0 })
}

/// Returns the schema of a member that a response always has, perhaps as null, and a request may
/// leave out, or have as null or an empty text.
pub fn optional<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    if generator.contract().is_serialize() {
        generator.subschema_for::<Option<T>>()
    } else {
        let null = json_schema!({ "type": "null" });
        any_of(vec![generator.subschema_for::<T>(), null, blank()])
    }
}

/// Requires of an object that one of these members is neither absent nor an empty text.
pub fn require_one_of(schema: &mut Schema, names: &[&str]) {
    let has = |name: &&str| {
        let named = json!({ "minLength": 1 });
        json!({ "required": [name], "properties": { *name: named } })
    };
    schema.insert("anyOf".to_owned(), names.iter().map(has).collect());
}

/// Returns the schema of a value that matches one of several schemas.
pub fn any_of(schemas: Vec<Schema>) -> Schema {
    json_schema!({ "anyOf": schemas.into_iter().map(Value::from).collect::<Vec<_>>() })
}

/// Builds the schema of an object that `Members` reads, with the same methods.
pub struct Object<'g> {
    generator: &'g mut SchemaGenerator,
    members: Map<String, Value>,
    required: Vec<&'static str>,
}

impl<'g> Object<'g> {
    /// Begins an object without members.
    pub fn new(generator: &'g mut SchemaGenerator) -> Self {
        Self { generator, members: Map::new(), required: Vec::new() }
    }

    /// Adds a member that must be present.
    #[must_use]
    pub fn required<T: JsonSchema>(mut self, name: &'static str) -> Self {
        self.required.push(name);
        let schema = self.generator.subschema_for::<T>();
        self.member(name, schema)
    }

    /// Adds an optional member.
    #[must_use]
    pub fn optional<T: JsonSchema>(self, name: &'static str) -> Self {
        let schema = optional::<T>(self.generator);
        self.member(name, schema)
    }

    /// Adds an optional array of `min` to `max` elements.
    #[must_use]
    pub fn list<T: JsonSchema>(self, name: &'static str, min: usize, max: usize) -> Self {
        let items = self.generator.subschema_for::<T>();
        self.array(name, items, min, max)
    }

    /// Adds an array of at most `max` elements that must be present.
    #[must_use]
    pub fn required_list<T: JsonSchema>(mut self, name: &'static str, max: usize) -> Self {
        self.required.push(name);
        let items = self.generator.subschema_for::<T>();
        let schema = json_schema!({ "type": "array", "items": items, "maxItems": max });
        self.member(name, schema)
    }

    /// Adds an optional array of `min` to `max` objects.
    #[must_use]
    pub fn objects(
        self,
        name: &'static str,
        min: usize,
        max: usize,
        element: impl FnOnce(Object<'_>) -> Object<'_>,
    ) -> Self {
        let items = element(Object::new(self.generator)).build();
        self.array(name, items, min, max)
    }

    /// Returns the schema. Other members are not allowed.
    pub fn build(self) -> Schema {
        json_schema!({
            "type": "object",
            "properties": self.members,
            "required": self.required,
            "additionalProperties": false,
        })
    }

    fn array(self, name: &str, items: Schema, min: usize, max: usize) -> Self {
        let mut schema = json_schema!({ "type": ["array", "null"], "items": items });
        schema.insert("minItems".to_owned(), min.into());
        schema.insert("maxItems".to_owned(), max.into());
        self.member(name, schema)
    }

    fn member(mut self, name: &str, schema: Schema) -> Self {
        self.members.insert(name.to_owned(), schema.into());
        self
    }
}

/// Returns a character class for regular expressions with exactly the characters that `is_allowed`
/// accepts, of which there is at least one. If only some characters are excluded, it names those.
pub fn characters(is_allowed: impl Fn(char) -> bool) -> String {
    let names_excluded = is_allowed(char::MAX);
    match class(|c| is_allowed(c) != names_excluded) {
        // A class that every character matches, in all dialects of regular expressions.
        excluded if names_excluded && excluded.is_empty() => r"[\s\S]".to_owned(),
        excluded if names_excluded => format!("[^{excluded}]"),
        allowed => format!("[{allowed}]"),
    }
}

/// Returns the ranges of the characters that `is_member` accepts, in the syntax of a character
/// class. The dialects of regular expressions agree on `\uXXXX`; they have no common notation for
/// the characters above U+FFFF, which are written as themselves.
fn class(is_member: impl Fn(char) -> bool) -> String {
    let mut ranges: Vec<(char, char)> = Vec::new();
    let mut previous = None;
    for c in '\0'..=char::MAX {
        if is_member(c) {
            match ranges.last_mut() {
                Some((_, last)) if Some(*last) == previous => *last = c,
                _ => ranges.push((c, c)),
            }
        }
        previous = Some(c);
    }
    let mut class = String::new();
    for (first, last) in ranges {
        push(&mut class, first);
        if first != last {
            class.push('-');
            push(&mut class, last);
        }
    }
    class
}

fn push(class: &mut String, c: char) {
    if c.is_ascii_graphic() && !r"\]^-".contains(c) || c > '\u{ffff}' {
        class.push(c);
    } else {
        write!(class, "\\u{:04x}", u32::from(c)).expect("a string takes every character");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_names_the_characters_that_are_fewer_in_kind() {
        let some = |c| matches!(c, 'a'..='f' | '-' | '/' | ']' | '\u{10000}');
        assert_eq!(characters(some), r"[\u002d/\u005da-f𐀀]");
        assert_eq!(characters(|c| c != '\n'), r"[^\u000a]");
        assert_eq!(characters(|_| true), r"[\s\S]");
    }

    #[test]
    fn a_required_text_has_a_visible_character() {
        let pattern = visible_text_of(|c| !c.is_control());
        assert!(pattern.starts_with(r"^[^\u0000-\u001f\u007f-\u009f]*["), "{pattern}");
        assert_eq!(text_of(|c| !c.is_control()), r"^[^\u0000-\u001f\u007f-\u009f]*$");
    }
}
