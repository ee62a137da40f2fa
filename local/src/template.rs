//! Reads `template.yaml` as CloudFormation does.
//!
//! Converts intrinsic functions from their short to their long form: `!Ref Table` to
//! `{"Ref": "Table"}`, `!GetAtt Table.Arn` to `{"Fn::GetAtt": ["Table", "Arn"]}`.

use std::path::Path;

use serde_json::{Map, Value, json};
use yaml_serde::Value as Yaml;

use crate::failure::{Explain, Failure, Result};

/// A deployment template.
#[derive(Debug, Clone, PartialEq)]
pub struct Template(Value);

/// A table as the template defines it, as bodies of DynamoDB requests.
#[derive(Debug, Clone, PartialEq)]
pub struct TableDefinition {
    /// The body of a `CreateTable` request, without `TableName`.
    pub create: Value,
    /// The `TimeToLiveSpecification` of an `UpdateTimeToLive` request.
    pub time_to_live: Option<Value>,
}

/// Properties of a table that are the same in the template and in a `CreateTable` request.
const TABLE_PROPERTIES: [&str; 3] = ["AttributeDefinitions", "BillingMode", "KeySchema"];

/// Properties of a table that are converted for the local table, or ignored since its data is
/// disposable.
const OTHER_TABLE_PROPERTIES: [&str; 5] = [
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexes",
    "PointInTimeRecoverySpecification",
    "StreamSpecification",
    "TimeToLiveSpecification",
];
const INDEX_PROPERTIES: [&str; 3] = ["IndexName", "KeySchema", "Projection"];

/// The types of events that the local cloud emulates: by the emulator, [`crate::schedules`] and
/// [`crate::pump`].
const EVENTS: [&str; 3] = ["HttpApi", "Schedule", "DynamoDB"];

impl Template {
    /// Reads the template at `path`.
    pub fn read(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).explain(|| format!("can't read {}", path.display()))?;
        Self::parse(&text).explain(|| path.display().to_string())
    }

    /// Parses the text of a template.
    pub fn parse(text: &str) -> Result<Self> {
        let yaml: Yaml =
            yaml_serde::from_str(text).map_err(|error| Failure::new(error.to_string()))?;
        long_form(yaml).map(Self)
    }

    /// Returns the whole document, with intrinsic functions in their long form.
    pub fn as_value(&self) -> &Value {
        &self.0
    }

    /// Returns the resources of one type, each with its logical name and definition.
    pub fn resources<'a>(&'a self, of_type: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let all = self.0["Resources"].as_object();
        all.into_iter()
            .flatten()
            .filter(move |(_, resource)| resource["Type"] == of_type)
            .map(|(name, resource)| (name.as_str(), resource))
    }

    /// Returns all events of one type, each with the name of the function's binary, the event's
    /// name and its properties.
    pub fn events<'a>(
        &'a self,
        of_type: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str, &'a Value)> {
        self.resources("AWS::Serverless::Function").flat_map(move |(_, function)| {
            let properties = &function["Properties"];
            let binary = properties["CodeUri"].as_str().unwrap_or_default();
            let binary = binary.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            let events = properties["Events"].as_object().into_iter().flatten();
            events
                .filter(move |(_, event)| event["Type"] == of_type)
                .map(move |(name, event)| (binary, name.as_str(), &event["Properties"]))
        })
    }

    /// Fails if a function has an event of a type that the local cloud does not emulate.
    pub fn check_events(&self) -> Result<()> {
        for (name, function) in self.resources("AWS::Serverless::Function") {
            let events = function["Properties"]["Events"].as_object().into_iter().flatten();
            for (event, kind) in events.map(|(event, definition)| (event, &definition["Type"])) {
                if !EVENTS.iter().any(|known| kind == known) {
                    return Err(Failure::new(format!(
                        "the local cloud doesn't emulate the event {event} of {name}: its Type is \
                         {kind}, and only {} are supported",
                        EVENTS.join(", ")
                    )));
                }
            }
        }
        Ok(())
    }

    /// Returns the template's only table; fails for a property that the local database lacks.
    pub fn table_definition(&self) -> Result<TableDefinition> {
        let mut tables = self.resources("AWS::DynamoDB::Table");
        let (Some((name, table)), None) = (tables.next(), tables.next()) else {
            return Err(Failure::new("the template must have exactly one AWS::DynamoDB::Table"));
        };
        let properties = &table["Properties"];
        let known = [&TABLE_PROPERTIES[..], &OTHER_TABLE_PROPERTIES].concat();
        reject_unknown(name, properties, &known)?;
        let mut create = pick(properties, &TABLE_PROPERTIES);
        if let Some(indexes) = properties["GlobalSecondaryIndexes"].as_array() {
            for index in indexes {
                reject_unknown(name, index, &INDEX_PROPERTIES)?;
            }
            let indexes = indexes.iter().map(|index| pick(index, &INDEX_PROPERTIES)).collect();
            create["GlobalSecondaryIndexes"] = indexes;
        }
        if let Some(view) = properties["StreamSpecification"].get("StreamViewType") {
            create["StreamSpecification"] = json!({"StreamEnabled": true, "StreamViewType": view});
        }
        let time_to_live = properties.get("TimeToLiveSpecification").cloned();
        if let Some(intrinsic) = intrinsic_in(&create) {
            return Err(Failure::new(format!(
                "{name} uses {intrinsic} in a property that the local database needs: write a literal value"
            )));
        }
        Ok(TableDefinition { create, time_to_live })
    }
}

/// Fails if `properties` has one that is not in `known`.
fn reject_unknown(table: &str, properties: &Value, known: &[&str]) -> Result<()> {
    let mut names = properties.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    match names.find(|name| !known.contains(name)) {
        Some(name) => {
            Err(Failure::new(format!("{table} has {name}, which the local database lacks")))
        }
        None => Ok(()),
    }
}

/// Returns the members of `object` that have these names.
fn pick(object: &Value, names: &[&str]) -> Value {
    names.iter().filter_map(|name| Some(((*name).to_owned(), object.get(name)?.clone()))).collect()
}

/// Returns the first intrinsic function in `value`, at any depth.
fn intrinsic_in(value: &Value) -> Option<&str> {
    match value {
        Value::Array(items) => items.iter().find_map(intrinsic_in),
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            let is_intrinsic = name == "Ref" || name.starts_with("Fn::");
            if is_intrinsic { Some(name.as_str()) } else { intrinsic_in(value) }
        }),
        _ => None,
    }
}

fn long_form(yaml: Yaml) -> Result<Value> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => flag.into(),
        Yaml::Number(number) => serde_json::to_value(number).explain(|| "bad number")?,
        Yaml::String(text) => text.into(),
        Yaml::Sequence(items) => items.into_iter().map(long_form).collect::<Result<_>>()?,
        Yaml::Mapping(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| Ok((member_name(name)?, long_form(value)?)))
                .collect::<Result<Map<_, _>>>()?,
        ),
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            intrinsic(tag.trim_start_matches('!'), long_form(tagged.value)?)
        }
    })
}

fn member_name(name: Yaml) -> Result<String> {
    match name {
        Yaml::String(text) => Ok(text),
        Yaml::Number(number) => Ok(number.to_string()),
        Yaml::Bool(flag) => Ok(flag.to_string()),
        other => Err(Failure::new(format!("a member's name must be a text: {other:?}"))),
    }
}

/// Converts an intrinsic function to its long form.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html>
fn intrinsic(tag: &str, argument: Value) -> Value {
    match (tag, argument) {
        ("Ref" | "Condition", argument) => json!({tag: argument}),
        ("GetAtt", Value::String(path)) => {
            let (resource, attribute) = path.split_once('.').unwrap_or((&path, ""));
            json!({"Fn::GetAtt": [resource, attribute]})
        }
        (tag, argument) => json!({format!("Fn::{tag}"): argument}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Architecture: {Type: String}
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      BillingMode: PAY_PER_REQUEST
      DeletionProtectionEnabled: true
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
      AttributeDefinitions:
        - {AttributeName: PK, AttributeType: S}
        - {AttributeName: SK, AttributeType: S}
        - {AttributeName: L, AttributeType: S}
      KeySchema:
        - {AttributeName: PK, KeyType: HASH}
        - {AttributeName: SK, KeyType: RANGE}
      GlobalSecondaryIndexes:
        - IndexName: lists
          KeySchema: [{AttributeName: L, KeyType: HASH}]
          Projection: {ProjectionType: ALL}
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
  Function:
    Type: AWS::Serverless::Function
";

    fn value(yaml: &str) -> Value {
        Template::parse(yaml).unwrap().0
    }

    #[test]
    fn short_intrinsics_are_converted_to_their_long_form() {
        for (short, long) in [
            ("!Ref Table", json!({"Ref": "Table"})),
            ("!Condition IsProd", json!({"Condition": "IsProd"})),
            ("!GetAtt Table.Arn", json!({"Fn::GetAtt": ["Table", "Arn"]})),
            ("!GetAtt Nested.Outputs.Url", json!({"Fn::GetAtt": ["Nested", "Outputs.Url"]})),
            ("!GetAtt [Table, Arn]", json!({"Fn::GetAtt": ["Table", "Arn"]})),
            ("!Sub '${Table}/index/*'", json!({"Fn::Sub": "${Table}/index/*"})),
            ("!Join ['-', [a, !Ref B]]", json!({"Fn::Join": ["-", ["a", {"Ref": "B"}]]})),
            ("!If [IsProd, 30, 7]", json!({"Fn::If": ["IsProd", 30, 7]})),
        ] {
            assert_eq!(value(&format!("key: {short}"))["key"], long, "{short}");
        }
    }

    #[test]
    fn dates_stay_texts() {
        assert_eq!(value("Version: 2012-10-17"), json!({"Version": "2012-10-17"}));
    }

    #[test]
    fn the_table_is_converted_to_a_request() {
        let definition = Template::parse(TABLE).unwrap().table_definition().unwrap();
        assert_eq!(
            definition.create,
            json!({
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [
                    {"AttributeName": "PK", "AttributeType": "S"},
                    {"AttributeName": "SK", "AttributeType": "S"},
                    {"AttributeName": "L", "AttributeType": "S"},
                ],
                "KeySchema": [
                    {"AttributeName": "PK", "KeyType": "HASH"},
                    {"AttributeName": "SK", "KeyType": "RANGE"},
                ],
                "GlobalSecondaryIndexes": [{
                    "IndexName": "lists",
                    "KeySchema": [{"AttributeName": "L", "KeyType": "HASH"}],
                    "Projection": {"ProjectionType": "ALL"},
                }],
                "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            })
        );
        assert_eq!(definition.time_to_live, Some(json!({"AttributeName": "ttl", "Enabled": true})));
    }

    #[test]
    fn an_intrinsic_in_the_table_is_an_error() {
        let computed = TABLE.replace("BillingMode: PAY_PER_REQUEST", "BillingMode: !Ref Mode");
        let refusal = Template::parse(&computed).unwrap().table_definition().unwrap_err();
        assert!(refusal.to_string().contains("Table uses Ref"), "{refusal}");
    }

    #[test]
    fn a_property_that_the_local_table_lacks_is_an_error_that_names_it() {
        for (property, named) in [
            ("LocalSecondaryIndexes: []", "LocalSecondaryIndexes"),
            ("ProvisionedThroughput: {}", "ProvisionedThroughput"),
            ("KinesisStreamSpecification: {}", "KinesisStreamSpecification"),
        ] {
            let other = TABLE.replace("BillingMode: PAY_PER_REQUEST", property);
            let refusal = Template::parse(&other).unwrap().table_definition().unwrap_err();
            assert!(refusal.to_string().contains(named), "{refusal}");
        }
        let index = "Projection: {ProjectionType: ALL}";
        let other = TABLE.replace(index, &format!("{index}\n          OnDemandThroughput: {{}}"));
        let refusal = Template::parse(&other).unwrap().table_definition().unwrap_err();
        assert!(refusal.to_string().contains("OnDemandThroughput"), "{refusal}");
    }

    #[test]
    fn an_unsupported_event_is_an_error_that_names_it() {
        let template = |kind: &str| {
            let events = format!("    Properties: {{Events: {{Clock: {{Type: {kind}}}}}}}\n");
            Template::parse(&format!("{TABLE}{events}")).unwrap()
        };
        for kind in EVENTS {
            template(kind).check_events().unwrap();
        }
        for kind in ["ScheduleV2", "SQS", "Api"] {
            let words = template(kind).check_events().unwrap_err().to_string();
            for named in ["Clock of Function", kind] {
                assert!(words.contains(named), "{words}");
            }
        }
    }

    #[test]
    fn a_template_without_a_table_is_an_error() {
        assert!(Template::parse("Resources: {}").unwrap().table_definition().is_err());
    }
}
