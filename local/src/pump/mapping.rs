//! Reads the event source mappings from `template.yaml`.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::filter::Pattern;
use crate::clock::millis;
use crate::failure::{Explain, Failure, Result};
use crate::template::Template;

/// An event source mapping: one `DynamoDB` event of one function.
///
/// Supports only what the template uses: `BisectBatchOnFunctionError`, `ReportBatchItemFailures`,
/// a limit of retries and of age, and a queue as failure destination. All of these are required,
/// since with Lambda's defaults retries never end; any other property is an error.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html>
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// The function's binary.
    pub function: String,
    /// The event's name in the template.
    pub event: String,
    pub(super) batch_size: usize,
    /// The most retries of a batch.
    pub(super) retries: u32,
    /// The age at which a record is discarded, in milliseconds.
    pub(super) maximum_age: i64,
    /// The parallelization factor.
    pub(super) workers: usize,
    /// A record is delivered if it matches one of these.
    pub(super) filters: Vec<Pattern>,
}

impl Mapping {
    /// Reads all mappings of a template; fails for a property that is not supported.
    pub fn all(template: &Template) -> Result<Vec<Self>> {
        let mut mappings = Vec::new();
        for (function, event, properties) in template.events("DynamoDB") {
            let of = || format!("the local cloud doesn't emulate the event {event} of {function}");
            let properties: Properties = serde_json::from_value(properties.clone()).explain(of)?;
            mappings.push(properties.into_mapping(function, event, template).explain(of)?);
        }
        Ok(mappings)
    }

    /// Whether a record of the stream is delivered to the function.
    pub fn delivers(&self, record: &Value) -> bool {
        self.filters.iter().any(|filter| filter.matches(record))
    }

    /// Returns its name in checkpoints and messages: `<function>/<event>`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.function, self.event)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    stream: Value,
    #[serde(rename = "StartingPosition")]
    _starting_position: StartingPosition,
    batch_size: usize,
    #[serde(default)]
    maximum_batching_window_in_seconds: u64,
    bisect_batch_on_function_error: bool,
    #[serde(rename = "FunctionResponseTypes")]
    _function_response_types: [ResponseType; 1],
    maximum_retry_attempts: u32,
    maximum_record_age_in_seconds: u64,
    parallelization_factor: usize,
    filter_criteria: FilterCriteria,
    #[serde(rename = "DestinationConfig")]
    _destination_config: DestinationConfig,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum StartingPosition {
    TrimHorizon,
}

#[derive(Deserialize)]
enum ResponseType {
    ReportBatchItemFailures,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterCriteria {
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    pattern: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DestinationConfig {
    #[serde(rename = "OnFailure")]
    _on_failure: OnFailure,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct OnFailure {
    #[serde(rename = "Type")]
    _type: DestinationType,
    #[serde(rename = "Destination")]
    _destination: IgnoredAny,
}

#[derive(Deserialize)]
enum DestinationType {
    #[serde(rename = "SQS")]
    Queue,
}

impl Properties {
    fn into_mapping(self, function: &str, event: &str, template: &Template) -> Result<Mapping> {
        if !is_the_tables(&self.stream, template) {
            return Err(Failure::new("Stream must be !GetAtt of the table's StreamArn"));
        }
        if !self.bisect_batch_on_function_error {
            return Err(Failure::new("BisectBatchOnFunctionError must be true"));
        }
        within("BatchSize", self.batch_size, 1, 10_000)?;
        within("MaximumBatchingWindowInSeconds", self.maximum_batching_window_in_seconds, 0, 0)?;
        within("MaximumRetryAttempts", self.maximum_retry_attempts, 0, 10_000)?;
        // DynamoDB keeps a stream's records for a day.
        within("MaximumRecordAgeInSeconds", self.maximum_record_age_in_seconds, 60, 86_400)?;
        within("ParallelizationFactor", self.parallelization_factor, 1, 10)?;
        let filters = self.filter_criteria.filters;
        within("the number of Filters", filters.len(), 1, 5)?;
        let filters = filters.iter().map(|Filter { pattern }| Pattern::parse(pattern));
        Ok(Mapping {
            function: function.to_owned(),
            event: event.to_owned(),
            batch_size: self.batch_size,
            retries: self.maximum_retry_attempts,
            maximum_age: millis(Duration::from_secs(self.maximum_record_age_in_seconds)),
            workers: self.parallelization_factor,
            filters: filters.collect::<Result<_>>()?,
        })
    }
}

fn within<T: PartialOrd + std::fmt::Display>(
    name: &str,
    value: T,
    least: T,
    most: T,
) -> Result<()> {
    if (&least..=&most).contains(&&value) {
        return Ok(());
    }
    Err(Failure::new(format!("{name} is {value}, but must be {least} to {most}")))
}

/// Whether `stream` is `!GetAtt <table>.StreamArn`.
fn is_the_tables(stream: &Value, template: &Template) -> bool {
    let mut tables = template.resources("AWS::DynamoDB::Table");
    tables.any(|(table, _)| stream["Fn::GetAtt"] == serde_json::json!([table, "StreamArn"]))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The properties of an event that a test does not set itself.
    const USUAL: [(&str, &str); 10] = [
        ("Stream", "!GetAtt Table.StreamArn"),
        ("StartingPosition", "TRIM_HORIZON"),
        ("BatchSize", "100"),
        ("BisectBatchOnFunctionError", "true"),
        ("FunctionResponseTypes", "[ReportBatchItemFailures]"),
        ("MaximumRetryAttempts", "100"),
        ("MaximumRecordAgeInSeconds", "86400"),
        ("ParallelizationFactor", "1"),
        ("FilterCriteria", r#"{Filters: [{Pattern: '{"eventName": ["INSERT", "MODIFY"]}'}]}"#),
        ("DestinationConfig", "{OnFailure: {Type: SQS, Destination: !GetAtt Undelivered.Arn}}"),
    ];

    /// A template with a table and one function, whose event has these properties.
    fn template(properties: &str) -> Template {
        let yaml = format!(
            "Resources:
  Table: {{Type: 'AWS::DynamoDB::Table'}}
  DeliverMailFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/deliver-mail/
      Events:
        Unsent: {{Type: Schedule, Properties: {{Schedule: rate(5 minutes)}}}}
        Outbox: {{Type: DynamoDB, Properties: {{{properties}}}}}
"
        );
        Template::parse(&yaml).unwrap()
    }

    /// These properties, and the usual ones.
    fn with_usual(properties: &str) -> String {
        let mut all = vec![properties.to_owned()];
        let usual = USUAL.iter().filter(|(name, _)| !properties.contains(name));
        all.extend(usual.map(|(name, value)| format!("{name}: {value}")));
        all.retain(|property| !property.is_empty());
        all.join(", ")
    }

    /// The mapping of an event with these properties, and the usual ones.
    pub fn mapping(properties: &str) -> Mapping {
        Mapping::all(&template(&with_usual(properties))).unwrap().remove(0)
    }

    fn refusal(properties: &str) -> String {
        Mapping::all(&template(properties)).unwrap_err().to_string()
    }

    #[test]
    fn a_function_is_called_by_its_binary() {
        assert_eq!(mapping("").name(), "deliver-mail/Outbox");
    }

    #[test]
    fn the_properties_are_read() {
        let mapping = mapping(
            "BatchSize: 10, MaximumBatchingWindowInSeconds: 0, MaximumRetryAttempts: 5, \
             MaximumRecordAgeInSeconds: 3600, ParallelizationFactor: 2",
        );
        assert_eq!((mapping.batch_size, mapping.workers), (10, 2));
        assert_eq!((mapping.retries, mapping.maximum_age), (5, 3_600_000));
    }

    #[test]
    fn an_unsupported_property_is_an_error_that_names_it() {
        for (properties, named) in [
            ("TumblingWindowInSeconds: 5", "TumblingWindowInSeconds"),
            ("Enabled: false", "Enabled"),
            ("StartingPosition: LATEST", "LATEST"),
            ("MaximumBatchingWindowInSeconds: 2", "MaximumBatchingWindowInSeconds"),
            ("BisectBatchOnFunctionError: false", "BisectBatchOnFunctionError"),
            ("BatchSize: 0", "BatchSize"),
            ("MaximumRetryAttempts: -1", "-1"),
            ("MaximumRecordAgeInSeconds: 604800", "MaximumRecordAgeInSeconds"),
            ("ParallelizationFactor: 11", "ParallelizationFactor"),
            ("FunctionResponseTypes: [ReportEverything]", "ReportEverything"),
            ("FilterCriteria: {Filters: [{Pattern: '{\"a\": 1}'}]}", "{\"a\": 1}"),
            ("FilterCriteria: {Filters: []}", "the number of Filters"),
            ("DestinationConfig: {OnFailure: {Type: SNS, Destination: 'arn:aws:x'}}", "SNS"),
            ("Stream: 'arn:aws:x'", "StreamArn"),
        ] {
            let words = refusal(&with_usual(properties));
            assert!(words.contains(named), "{properties}: {words}");
            assert!(words.contains("Outbox of deliver-mail"), "{words}");
        }
    }

    #[test]
    fn a_missing_property_is_an_error_that_names_it() {
        for (name, _) in USUAL {
            let others = USUAL.iter().filter(|(other, _)| *other != name);
            let others: Vec<_> = others.map(|(name, value)| format!("{name}: {value}")).collect();
            let words = refusal(&others.join(", "));
            assert!(words.contains(&format!("missing field `{name}`")), "{name}: {words}");
        }
    }
}
