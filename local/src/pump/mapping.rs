//! What `template.yaml` says about a function and the table's stream.

use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::filter::Pattern;
use crate::clock::millis;
use crate::failure::{Explain, Failure, Result};
use crate::template::Template;

/// A stream keeps its records for so long, and no longer.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html>
const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

/// An event source mapping: one `DynamoDB` event of one function.
///
/// Defaults and limits are Lambda's own.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html>
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// The function's binary.
    pub function: String,
    /// The event's name in the template.
    pub event: String,
    pub(super) start: StartingPosition,
    pub(super) batch_size: usize,
    /// How long a batch may wait for more records, in milliseconds.
    pub(super) window: i64,
    pub(super) bisect: bool,
    pub(super) reports_item_failures: bool,
    /// How often a batch is tried again; `None` is until its records are too old.
    pub(super) retries: Option<u32>,
    /// How old a record may get, in milliseconds.
    pub(super) maximum_age: i64,
    pub(super) workers: usize,
    /// Without any, every record is delivered.
    pub(super) filters: Vec<Pattern>,
    /// The resource that is told of records that are given up.
    pub(super) destination: Option<String>,
}

/// Where a mapping begins that has never read before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum StartingPosition {
    TrimHorizon,
    Latest,
}

impl Mapping {
    /// Every mapping of a template; a property that we don't know is refused.
    pub fn all(template: &Template) -> Result<Vec<Self>> {
        let mut mappings = Vec::new();
        for (function, event, properties) in template.events("DynamoDB") {
            let of = || format!("the event {event} of {function}");
            let properties: Properties = serde_json::from_value(properties.clone()).explain(of)?;
            if properties.enabled {
                let mapping = properties.into_mapping(function, event, template);
                mappings.push(mapping.explain(of)?);
            }
        }
        Ok(mappings)
    }

    /// What checkpoints and messages call it.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.function, self.event)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    stream: Value,
    starting_position: StartingPosition,
    #[serde(default = "batch_size")]
    batch_size: usize,
    #[serde(default)]
    maximum_batching_window_in_seconds: u64,
    #[serde(default)]
    bisect_batch_on_function_error: bool,
    #[serde(default)]
    function_response_types: Vec<ResponseType>,
    #[serde(default = "endless")]
    maximum_retry_attempts: i64,
    #[serde(default = "endless")]
    maximum_record_age_in_seconds: i64,
    #[serde(default = "one")]
    parallelization_factor: usize,
    #[serde(default)]
    filter_criteria: FilterCriteria,
    #[serde(default)]
    destination_config: DestinationConfig,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(rename = "KmsKeyArn", default)]
    _kms_key_arn: IgnoredAny,
    #[serde(rename = "MetricsConfig", default)]
    _metrics_config: IgnoredAny,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
enum ResponseType {
    ReportBatchItemFailures,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct FilterCriteria {
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    pattern: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct DestinationConfig {
    on_failure: Option<OnFailure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OnFailure {
    destination: Value,
}

fn batch_size() -> usize {
    100
}

fn endless() -> i64 {
    -1
}

fn one() -> usize {
    1
}

fn yes() -> bool {
    true
}

impl Properties {
    fn into_mapping(self, function: &str, event: &str, template: &Template) -> Result<Mapping> {
        if !is_the_tables(&self.stream, template) {
            return Err(Failure::new("Stream must be !GetAtt of the table's StreamArn"));
        }
        within("BatchSize", self.batch_size, 1, 10_000)?;
        within("MaximumBatchingWindowInSeconds", self.maximum_batching_window_in_seconds, 0, 300)?;
        within("MaximumRetryAttempts", self.maximum_retry_attempts, -1, 10_000)?;
        within("MaximumRecordAgeInSeconds", self.maximum_record_age_in_seconds, -1, 604_800)?;
        within("ParallelizationFactor", self.parallelization_factor, 1, 10)?;
        within("the number of Filters", self.filter_criteria.filters.len(), 0, 5)?;

        let filters = self.filter_criteria.filters.iter();
        let retention = millis(RETENTION);
        let maximum_age = u64::try_from(self.maximum_record_age_in_seconds)
            .map_or(retention, |seconds| millis(Duration::from_secs(seconds)).min(retention));
        Ok(Mapping {
            function: function.to_owned(),
            event: event.to_owned(),
            start: self.starting_position,
            batch_size: self.batch_size,
            window: millis(Duration::from_secs(self.maximum_batching_window_in_seconds)),
            bisect: self.bisect_batch_on_function_error,
            reports_item_failures: !self.function_response_types.is_empty(),
            retries: u32::try_from(self.maximum_retry_attempts).ok(),
            maximum_age,
            workers: self.parallelization_factor,
            filters: filters
                .map(|filter| Pattern::parse(&filter.pattern))
                .collect::<Result<_>>()?,
            destination: self.destination_config.on_failure.map(|to| name_of(&to.destination)),
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

/// The resource that an ARN is taken of, or the ARN as it is written.
fn name_of(arn: &Value) -> String {
    let named = arn["Fn::GetAtt"][0].as_str().or_else(|| arn.as_str());
    named.map_or_else(|| arn.to_string(), str::to_owned)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A template with a table and one function, whose event has these further properties.
    pub fn template(properties: &str) -> Template {
        let yaml = format!(
            "Resources:
  Table: {{Type: 'AWS::DynamoDB::Table'}}
  DeliverMailFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/deliver-mail/
      Events:
        Unsent: {{Type: Schedule, Properties: {{Schedule: rate(5 minutes)}}}}
        Outbox:
          Type: DynamoDB
          Properties: {{Stream: !GetAtt Table.StreamArn, StartingPosition: TRIM_HORIZON, {properties}}}
"
        );
        Template::parse(&yaml).unwrap()
    }

    /// The mapping of such an event.
    pub fn mapping(properties: &str) -> Mapping {
        Mapping::all(&template(properties)).unwrap().remove(0)
    }

    fn refusal(properties: &str) -> String {
        Mapping::all(&template(properties)).unwrap_err().to_string()
    }

    #[test]
    fn a_function_is_called_by_its_binary() {
        assert_eq!(mapping("").name(), "deliver-mail/Outbox");
    }

    #[test]
    fn what_is_left_open_is_as_lambda_has_it() {
        let mapping = mapping("");
        assert_eq!((mapping.batch_size, mapping.window, mapping.workers), (100, 0, 1));
        assert_eq!((mapping.retries, mapping.maximum_age), (None, millis(RETENTION)));
        assert!(!mapping.bisect && !mapping.reports_item_failures);
        assert!(mapping.filters.is_empty() && mapping.destination.is_none());
    }

    #[test]
    fn what_is_said_counts() {
        let mapping = mapping(
            "BatchSize: 10, MaximumBatchingWindowInSeconds: 2, BisectBatchOnFunctionError: true, \
             MaximumRetryAttempts: 5, MaximumRecordAgeInSeconds: 3600, ParallelizationFactor: 2, \
             FunctionResponseTypes: [ReportBatchItemFailures], \
             FilterCriteria: {Filters: [{Pattern: '{\"eventName\": [\"INSERT\"]}'}]}, \
             DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt UndeliveredMail.Arn}}",
        );
        assert_eq!((mapping.batch_size, mapping.window, mapping.workers), (10, 2_000, 2));
        assert_eq!((mapping.retries, mapping.maximum_age), (Some(5), 3_600_000));
        assert!(mapping.bisect && mapping.reports_item_failures);
        assert_eq!(mapping.filters.len(), 1);
        assert_eq!(mapping.destination.as_deref(), Some("UndeliveredMail"));
    }

    #[test]
    fn a_disabled_event_is_none() {
        assert!(Mapping::all(&template("Enabled: false")).unwrap().is_empty());
    }

    #[test]
    fn what_we_cannot_do_is_refused_by_name() {
        for (properties, named) in [
            ("TumblingWindowInSeconds: 5", "TumblingWindowInSeconds"),
            ("BatchSize: 0", "BatchSize"),
            ("MaximumRetryAttempts: -2", "MaximumRetryAttempts"),
            ("ParallelizationFactor: 11", "ParallelizationFactor"),
            ("FunctionResponseTypes: [ReportEverything]", "ReportEverything"),
            ("FilterCriteria: {Filters: [{Pattern: '{\"a\": 1}'}]}", "{\"a\": 1}"),
        ] {
            let words = refusal(properties);
            assert!(words.contains(named), "{properties}: {words}");
            assert!(words.contains("Outbox of deliver-mail"), "{words}");
        }
    }

    #[test]
    fn another_stream_is_refused() {
        let yaml = "
Resources:
  Table: {Type: 'AWS::DynamoDB::Table'}
  F:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/f/
      Events: {E: {Type: DynamoDB, Properties: {Stream: 'arn:aws:x', StartingPosition: LATEST}}}
";
        let refusal = Mapping::all(&Template::parse(yaml).unwrap()).unwrap_err().to_string();
        assert!(refusal.contains("StreamArn"), "{refusal}");
    }
}
