//! Reads from a function's response which records of its batch have failed.

use serde_json::Value;

use super::record::{Record, SequenceNumber};

/// The outcome of an invocation for its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BatchOutcome {
    /// All records were processed.
    Done,
    /// The records before this index were processed; the others must be retried.
    RetryFrom(usize),
    /// No record counts as processed.
    Failed,
}

/// Reads the response of a function with `ReportBatchItemFailures`.
///
/// The batch is retried from the first record that the response names. Null, an empty object and an
/// empty list mean success. If an identifier is empty, null, missing or not of this batch, the
/// whole batch has failed.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>
pub(super) fn batch_outcome(response: &Value, records: &[Record]) -> BatchOutcome {
    let failures = match response {
        Value::Null => return BatchOutcome::Done,
        Value::String(text) if text.is_empty() => return BatchOutcome::Done,
        Value::Object(members) => members.get("batchItemFailures").unwrap_or(&Value::Null),
        _ => return BatchOutcome::Failed,
    };
    let named = match failures {
        Value::Null => return BatchOutcome::Done,
        Value::Array(failures) => failures.iter().map(|failure| position(failure, records)),
        _ => return BatchOutcome::Failed,
    };
    match named.collect::<Option<Vec<_>>>() {
        Some(positions) => {
            positions.into_iter().min().map_or(BatchOutcome::Done, BatchOutcome::RetryFrom)
        }
        None => BatchOutcome::Failed,
    }
}

/// Returns the index of the record that a failure names; `None` if there is no such record.
fn position(failure: &Value, records: &[Record]) -> Option<usize> {
    let named = SequenceNumber::from(failure["itemIdentifier"].as_str()?);
    records.iter().position(|record| record.sequence_number == named)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::pump::record::tests::record;

    #[test]
    fn a_response_is_read_as_lambda_documents() {
        let records = [record(1, "a", 0), record(2, "b", 0), record(3, "c", 0)];
        let number = |index: usize| records[index].sequence_number.as_str();
        for (response, expected) in [
            (json!(null), BatchOutcome::Done),
            (json!(""), BatchOutcome::Done),
            (json!({}), BatchOutcome::Done),
            (json!({"batchItemFailures": null}), BatchOutcome::Done),
            (json!({"batchItemFailures": []}), BatchOutcome::Done),
            (
                json!({"batchItemFailures": [{"itemIdentifier": number(1)}]}),
                BatchOutcome::RetryFrom(1),
            ),
            (
                json!({"batchItemFailures": [{"itemIdentifier": number(2)}, {"itemIdentifier": number(1)}]}),
                BatchOutcome::RetryFrom(1),
            ),
            (json!({"batchItemFailures": [{"itemIdentifier": ""}]}), BatchOutcome::Failed),
            (json!({"batchItemFailures": [{"itemIdentifier": null}]}), BatchOutcome::Failed),
            (json!({"batchItemFailures": [{"id": number(1)}]}), BatchOutcome::Failed),
            (json!({"batchItemFailures": [{"itemIdentifier": "4711"}]}), BatchOutcome::Failed),
            (
                json!({"batchItemFailures": [{"itemIdentifier": number(1)}, {"itemIdentifier": ""}]}),
                BatchOutcome::Failed,
            ),
            (json!({"batchItemFailures": "all"}), BatchOutcome::Failed),
            (json!("done"), BatchOutcome::Failed),
            (json!([]), BatchOutcome::Failed),
        ] {
            assert_eq!(batch_outcome(&response, &records), expected, "{response}");
        }
    }
}
