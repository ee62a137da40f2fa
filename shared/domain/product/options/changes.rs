//! Changes of a variant's options, as a row of an import has them.

use std::borrow::Cow;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{MAX_OPTIONS, Options, read_pairs};
use crate::domain::invalid::{Invalid, Refused};
use crate::domain::text::{Label, OptionValue, fold_case};

/// Changes of a variant's options: each names an option, and its new value or `None` to remove it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OptionChanges(Vec<(String, Option<String>)>);

impl Options {
    /// Returns the options after these changes; options that they don't name stay. Refused if there
    /// are too many or too long ones then.
    pub(in crate::domain::product) fn changed_by(
        &self,
        changes: &OptionChanges,
    ) -> Result<Self, Refused> {
        let mut pairs = self.0.clone();
        for (name, value) in &changes.0 {
            let folded = fold_case(name);
            let known = pairs.iter_mut().find(|(known, _)| fold_case(known) == folded);
            match (known, value) {
                (Some((_, known)), Some(value)) => known.clone_from(value),
                (None, Some(value)) => pairs.push((name.clone(), value.clone())),
                (_, None) => pairs.retain(|(known, _)| fold_case(known) != folded),
            }
        }
        Self::of(pairs)
    }
}

impl Deserr<Invalid> for OptionChanges {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Invalid> {
        let pairs = read_pairs(value, location, |value, at| match value {
            Value::Null => Ok(None),
            value => {
                let value = OptionValue::deserialize_from_value(value, at)?;
                Ok(Some(value.as_str().to_owned()))
            }
        });
        pairs.map(Self)
    }
}

impl JsonSchema for OptionChanges {
    fn schema_name() -> Cow<'static, str> {
        "OptionChanges".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (name, value) =
            (generator.subschema_for::<Label>(), generator.subschema_for::<OptionValue>());
        json_schema!({
            "description": "Changes of a variant's options, such as `{\"size\": \"M\"}`; null removes \
                            an option, and options that are not named stay.",
            "type": "object",
            "propertyNames": name,
            "additionalProperties": { "anyOf": [value, { "type": "null" }] },
            "maxProperties": 2 * MAX_OPTIONS,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::json::Json;
    use crate::domain::problem_code::ProblemCode;

    fn read<T: Deserr<Invalid>>(text: &str) -> T {
        Json::parse(text.as_bytes()).unwrap().read().unwrap()
    }

    fn changed(options: &str, changes: &str) -> Result<Options, Refused> {
        read::<Options>(options).changed_by(&read(changes))
    }

    #[test]
    fn options_that_a_change_does_not_name_stay() {
        let own = r#"{"size": "M", "colour": "navy"}"#;
        for (changes, expected) in [
            ("{}", vec![("size", "M"), ("colour", "navy")]),
            (r#"{"SIZE": "L"}"#, vec![("size", "L"), ("colour", "navy")]),
            (r#"{"size": null, "fit": "slim"}"#, vec![("colour", "navy"), ("fit", "slim")]),
            (r#"{"none": null}"#, vec![("size", "M"), ("colour", "navy")]),
        ] {
            let options = changed(own, changes).unwrap();
            assert_eq!(options.iter().collect::<Vec<_>>(), expected, "{changes}");
        }
    }

    #[test]
    fn the_options_after_a_change_have_the_limits_of_all() {
        let five = r#"{"a": "1", "b": "1", "c": "1", "d": "1", "e": "1"}"#;
        assert_eq!(changed(five, r#"{"f": "1"}"#).unwrap_err().code, ProblemCode::TooMany);
        assert!(changed(five, r#"{"a": null, "f": "1"}"#).is_ok());
    }
}
