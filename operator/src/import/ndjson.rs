//! Our own NDJSON, line by line.

use serde_json::{Map, Value};
use shared::domain::error::Error;
use shared::domain::json::Json;

use super::index::Key;
use super::row::Problem;

/// Returns the members of a line.
pub fn members(line: &str) -> Result<Map<String, Value>, Problem> {
    let wrong = |detail: &str| {
        let reason =
            format!("the line is not a JSON object: {detail} Write one object on each line");
        Problem::new("not_json", reason)
    };
    // It tells members of the same name, which the other reader takes the last of.
    if let Err(Error::Malformed { detail, .. }) = Json::parse(line.as_bytes()) {
        return Err(wrong(&detail.replace("The body", "It")));
    }
    match serde_json::from_str(line) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(wrong("it is another value.")),
        Err(error) => Err(wrong(&format!("{error}."))),
    }
}

/// Returns which product a line belongs to.
pub fn key(members: &Map<String, Value>) -> Key {
    match members.get("group").and_then(Value::as_str) {
        Some(group) if !group.is_empty() => Key::Shared(group.to_owned()),
        _ => Key::Alone,
    }
}

/// Returns the names of a line's options in the order of its text, which `members` lacks.
pub fn option_names(line: &str) -> Vec<String> {
    struct Names(Vec<String>);
    impl<'de> serde::Deserialize<'de> for Names {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(NamesVisitor)
        }
    }
    struct NamesVisitor;
    impl<'de> serde::de::Visitor<'de> for NamesVisitor {
        type Value = Names;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
            let mut names = Vec::new();
            while let Some((name, _)) = map.next_entry::<String, serde::de::IgnoredAny>()? {
                names.push(name);
            }
            Ok(Names(names))
        }
    }
    #[derive(serde::Deserialize)]
    struct Line {
        options: Option<Names>,
    }
    let line: Option<Line> = serde_json::from_str(line).ok();
    line.and_then(|line| line.options).map(|names| names.0).unwrap_or_default()
}
