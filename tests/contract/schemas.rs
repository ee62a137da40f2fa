//! Turns the schemas that `schemars` derives into those of the document.
//!
//! A type can have two schemas: one for requests, where an optional member may be left out, and one
//! for responses. If they differ, the one for requests gets the suffix `Input`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};
use shared::domain::problem_code::ProblemCode;
use shared::domain::schema::PROBLEM_CODES;

/// Whether a schema is for requests or responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Values that clients send.
    Request,
    /// Values that the shop sends.
    Response,
}

/// Where the document has its schemas.
const SCHEMAS: &str = "#/components/schemas/";

impl Direction {
    /// Returns where a generator puts the schemas of named types, until [`merge`] moves them.
    pub const fn definitions_path(self) -> &'static str {
        match self {
            Self::Request => "/components/requests",
            Self::Response => "/components/answers",
        }
    }

    fn prefix(self) -> String {
        format!("#{}/", self.definitions_path())
    }
}

/// Returns a slug as a name: `out_of_stock` becomes `OutOfStock`.
pub fn camel_case(slug: &str) -> String {
    slug.split('_')
        .map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            first.to_ascii_uppercase() + rest
        })
        .collect()
}

/// Returns the schema that a reference leads to, or the schema itself.
pub fn resolve<'s>(schema: &'s Value, definitions: &'s Map<String, Value>) -> &'s Value {
    match name_of(schema).and_then(|name| definitions.get(name)) {
        Some(definition) => resolve(definition, definitions),
        None => schema,
    }
}

/// Returns the name of the schema that a reference leads to.
pub fn name_of(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit_once('/').map(|(_, name)| name)
}

/// Returns the problem codes of values that a schema of a request rejects: those that its types
/// name, and those of wrong types, missing and unknown members.
pub fn codes_of(schema: &Value, definitions: &Map<String, Value>) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    collect(schema, definitions, &mut BTreeSet::new(), &mut codes);
    codes
}

fn collect(
    schema: &Value,
    definitions: &Map<String, Value>,
    seen: &mut BTreeSet<String>,
    codes: &mut BTreeSet<String>,
) {
    let add = |code: ProblemCode, codes: &mut BTreeSet<String>| {
        codes.insert(code.slug().to_owned());
    };
    if let Some(name) = name_of(schema)
        && let Some(definition) = definitions.get(name)
        && seen.insert(name.to_owned())
    {
        collect(definition, definitions, seen, codes);
    }
    let named = schema[PROBLEM_CODES].as_array().into_iter().flatten();
    codes.extend(named.filter_map(Value::as_str).map(str::to_owned));
    let is_enum = schema["enum"].is_array() || constants(schema).is_some();
    if is_enum && schema.get(PROBLEM_CODES).is_none() {
        add(ProblemCode::UnknownValue, codes);
    }
    if schema["properties"].is_object() {
        if schema["required"].as_array().is_some_and(|required| !required.is_empty()) {
            add(ProblemCode::Required, codes);
        }
        if schema["additionalProperties"] == false {
            add(ProblemCode::UnknownField, codes);
        }
    }
    let properties = schema["properties"].as_object().into_iter().flatten().map(|(_, value)| value);
    // Beside `properties`, it only says which of them must be there.
    let any_of = schema["anyOf"].as_array().filter(|_| !schema["properties"].is_object());
    let any_of = any_of.into_iter().flatten();
    if any_of.clone().any(|one| one["maxLength"] == 0) {
        // A text that shows nothing counts as absent, and so is not too short.
        for part in any_of {
            let mut own = BTreeSet::new();
            collect(part, definitions, &mut seen.clone(), &mut own);
            if resolved(part, definitions)["type"] == "string" {
                own.remove(ProblemCode::TooShort.slug());
            }
            codes.extend(own);
        }
        return;
    }
    let others = ["items", "additionalProperties", "propertyNames"].map(|key| schema.get(key));
    for part in properties.chain(any_of).chain(others.into_iter().flatten()) {
        collect(part, definitions, seen, codes);
    }
}

/// Returns the definition that a schema refers to, or the schema.
fn resolved<'a>(schema: &'a Value, definitions: &'a Map<String, Value>) -> &'a Value {
    name_of(schema).and_then(|name| definitions.get(name)).unwrap_or(schema)
}

/// Returns the constants and descriptions of an enumeration, which `schemars` derives as `oneOf`.
fn constants(schema: &Value) -> Option<Vec<(&Value, &str)>> {
    let alternatives = schema["oneOf"].as_array()?;
    alternatives
        .iter()
        .map(|one| Some((one.get("const")?, one["description"].as_str().unwrap_or_default())))
        .collect()
}

/// Removes the description of a schema and returns it.
pub fn take_description(schema: &mut Value) -> String {
    let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
    description.and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Returns the schema of a query parameter, which can't be null, from that of an optional member.
pub fn without_null(schema: Value) -> Value {
    let Value::Object(mut schema) = schema else { return schema };
    schema.remove("default");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(alternatives)) = schema.get_mut("anyOf") {
        alternatives.retain(|one| one["type"] != "null");
        if let [only] = alternatives.as_slice() {
            return only.clone();
        }
    }
    Value::Object(schema)
}

/// Returns the schema of a body in which members are ignored: `id`, or `variants.available` in every
/// element of `variants`. It has the name `name`.
pub fn with_ignored(
    schema: &Value,
    name: &str,
    ignored: &[&str],
    requests: &mut SchemaGenerator,
) -> Value {
    let mut body = resolve(schema, requests.definitions()).clone();
    for path in ignored {
        let (object, member) = match path.split_once('.') {
            Some((list, member)) => (&mut body["properties"][list]["items"], member),
            None => (&mut body, *path),
        };
        object["properties"][member] =
            json!({ "description": "Ignored: clients may send back what they have read." });
    }
    requests.definitions_mut().insert(name.to_owned(), body);
    json!({ "$ref": format!("{}{name}", Direction::Request.prefix()) })
}

/// Moves the schemas of both generators to where the document has them, and changes all references
/// in the document.
pub fn merge(
    document: &mut Value,
    requests: Map<String, Value>,
    responses: Map<String, Value>,
) -> Map<String, Value> {
    let plain = |schema: &Value| {
        let mut schema = schema.clone();
        for direction in [Direction::Request, Direction::Response] {
            rename(&mut schema, &direction.prefix(), &|name| name.to_owned());
        }
        schema
    };
    let mut differing: BTreeSet<&str> = requests
        .iter()
        .filter(|(name, schema)| {
            responses.get(*name).is_some_and(|other| plain(other) != plain(schema))
        })
        .map(|(name, _)| name.as_str())
        .collect();
    loop {
        let more: Vec<&str> = requests
            .iter()
            .filter(|(name, _)| responses.contains_key(*name) && !differing.contains(name.as_str()))
            .filter(|(_, schema)| {
                references(schema).iter().any(|to| differing.contains(to.as_str()))
            })
            .map(|(name, _)| name.as_str())
            .collect();
        if more.is_empty() {
            break;
        }
        differing.extend(more);
    }
    let input = |name: &str| {
        if differing.contains(name) { format!("{name}Input") } else { name.to_owned() }
    };
    let mut merged = BTreeMap::new();
    for (name, mut schema) in responses {
        rename(&mut schema, &Direction::Response.prefix(), &|name| name.to_owned());
        merged.insert(name, schema);
    }
    for (name, schema) in &requests {
        let mut schema = schema.clone();
        rename(&mut schema, &Direction::Request.prefix(), &input);
        merged.insert(input(name), schema);
    }
    rename(document, &Direction::Request.prefix(), &input);
    rename(document, &Direction::Response.prefix(), &|name| name.to_owned());
    merged.into_iter().collect()
}

/// Returns the names that a schema refers to.
fn references(schema: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    visit(&mut schema.clone(), &mut |object| {
        names.extend(name_of(&Value::Object(object.clone())).map(str::to_owned));
    });
    names
}

/// Removes the schemas that nothing in the document leads to: those of queries, whose members are
/// parameters.
pub fn keep_referenced(document: &Value, schemas: &mut Map<String, Value>) {
    let mut kept = BTreeSet::new();
    let mut new = references(document);
    while let Some(name) = new.pop_first() {
        if let Some(schema) = schemas.get(&name)
            && kept.insert(name)
        {
            new.extend(references(schema));
        }
    }
    schemas.retain(|name, _| kept.contains(name));
}

fn rename(value: &mut Value, prefix: &str, new_name: &dyn Fn(&str) -> String) {
    visit(value, &mut |object| {
        if let Some(Value::String(reference)) = object.get_mut("$ref")
            && let Some(name) = reference.strip_prefix(prefix)
        {
            *reference = format!("{SCHEMAS}{}", new_name(name));
        }
    });
}

/// Calls `f` with every object in a value, the outer ones first.
pub fn visit(value: &mut Value, f: &mut dyn FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            f(object);
            object.values_mut().for_each(|value| visit(value, f));
        }
        Value::Array(elements) => elements.iter_mut().for_each(|value| visit(value, f)),
        _ => {}
    }
}

/// Rewrites what `schemars` derives into what readers and tools understand best: an enumeration is
/// an `enum`, formats that only Rust has are left out, and descriptions have no links to Rust items.
pub fn tidy(document: &mut Value) {
    visit(document, &mut |object| {
        let schema = Value::Object(object.clone());
        if let Some(constants) = constants(&schema) {
            let values: Vec<_> = constants.iter().map(|(value, _)| (*value).clone()).collect();
            let lines: Vec<_> = constants
                .iter()
                .filter(|(_, description)| !description.is_empty())
                .map(|(value, text)| format!("- `{}`: {text}", value.as_str().unwrap_or_default()))
                .collect();
            object.remove("oneOf");
            object.insert("type".to_owned(), "string".into());
            object.insert("enum".to_owned(), values.into());
            if !lines.is_empty() {
                let description = object.get("description").and_then(Value::as_str);
                let text = format!("{}\n\n{}", description.unwrap_or_default(), lines.join("\n"));
                object.insert("description".to_owned(), text.trim().into());
            }
        }
        if object.get("format").and_then(Value::as_str).is_some_and(|name| name.starts_with("uint"))
        {
            object.remove("format");
        }
        if object.get("default") == Some(&Value::Null) {
            object.remove("default");
        }
        if let Some(Value::String(description)) = object.get_mut("description") {
            *description = unwrapped(&description.replace("[`", "`").replace("`]", "`"));
        }
    });
}

/// Joins the lines of each paragraph, which are wrapped in the source; list items keep theirs.
fn unwrapped(text: &str) -> String {
    let mut joined = String::new();
    for line in text.lines() {
        let begins = line.is_empty() || line.starts_with("- ") || joined.ends_with('\n');
        if !joined.is_empty() {
            joined.push(if begins { '\n' } else { ' ' });
        }
        joined += line;
    }
    joined.replace("\n\n\n", "\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_that_differs_between_requests_and_responses_is_named_twice() {
        let of = |schema: Value| schema.as_object().cloned().unwrap();
        let requests = of(json!({
            "Same": { "type": "string" },
            "Other": { "maximum": 1 },
            "Holds": { "items": { "$ref": "#/components/requests/Other" } },
        }));
        let responses = of(json!({
            "Same": { "type": "string" },
            "Other": { "maximum": 2 },
            "Holds": { "items": { "$ref": "#/components/answers/Other" } },
        }));
        let mut document = json!({
            "in": { "$ref": "#/components/requests/Holds" },
            "out": { "$ref": "#/components/answers/Holds" },
            "same": { "$ref": "#/components/requests/Same" },
        });
        let merged = merge(&mut document, requests, responses);
        let names: Vec<_> = merged.keys().map(String::as_str).collect();
        assert_eq!(names, ["Holds", "HoldsInput", "Other", "OtherInput", "Same"]);
        assert_eq!(merged["HoldsInput"]["items"]["$ref"], "#/components/schemas/OtherInput");
        assert_eq!(document["in"]["$ref"], "#/components/schemas/HoldsInput");
        assert_eq!(document["out"]["$ref"], "#/components/schemas/Holds");
        assert_eq!(document["same"]["$ref"], "#/components/schemas/Same");
    }

    #[test]
    fn an_enumeration_lists_what_its_values_mean() {
        let mut document = json!({
            "description": "A role.",
            "oneOf": [
                { "const": "customer", "description": "Places orders.", "type": "string" },
                { "const": "admin", "description": "Manages the shop.", "type": "string" },
            ],
        });
        tidy(&mut document);
        let expected = json!({
            "description": "A role.\n\n- `customer`: Places orders.\n- `admin`: Manages the shop.",
            "type": "string",
            "enum": ["customer", "admin"],
        });
        assert_eq!(document, expected);
    }
}
