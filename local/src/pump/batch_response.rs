//! What a function's answer says about its batch.

use serde_json::Value;

use super::record::{Record, SequenceNumber};

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All is done.
    Done,
    /// What comes before this one is done; it goes on here.
    From(usize),
    /// Nothing counts as done.
    Failed,
}

/// Reads the answer of a function that reports the failures of single records.
///
/// The lowest one named is where it goes on. Null, an empty object and an empty list are success;
/// an identifier that is empty, null, misnamed or not of the batch makes the whole batch a failure.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>
pub(super) fn verdict(answer: &Value, records: &[Record]) -> Verdict {
    let failures = match answer {
        Value::Null => return Verdict::Done,
        Value::String(text) if text.is_empty() => return Verdict::Done,
        Value::Object(members) => members.get("batchItemFailures").unwrap_or(&Value::Null),
        _ => return Verdict::Failed,
    };
    let named = match failures {
        Value::Null => return Verdict::Done,
        Value::Array(failures) => failures.iter().map(|failure| position(failure, records)),
        _ => return Verdict::Failed,
    };
    match named.collect::<Option<Vec<_>>>() {
        Some(positions) => positions.into_iter().min().map_or(Verdict::Done, Verdict::From),
        None => Verdict::Failed,
    }
}

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
    fn an_answer_is_read_as_lambda_documents() {
        let records = [record(1, "a", 0), record(2, "b", 0), record(3, "c", 0)];
        let number = |index: usize| records[index].sequence_number.as_str();
        for (answer, expected) in [
            (json!(null), Verdict::Done),
            (json!(""), Verdict::Done),
            (json!({}), Verdict::Done),
            (json!({"batchItemFailures": null}), Verdict::Done),
            (json!({"batchItemFailures": []}), Verdict::Done),
            (json!({"batchItemFailures": [{"itemIdentifier": number(1)}]}), Verdict::From(1)),
            (
                json!({"batchItemFailures": [{"itemIdentifier": number(2)}, {"itemIdentifier": number(1)}]}),
                Verdict::From(1),
            ),
            (json!({"batchItemFailures": [{"itemIdentifier": ""}]}), Verdict::Failed),
            (json!({"batchItemFailures": [{"itemIdentifier": null}]}), Verdict::Failed),
            (json!({"batchItemFailures": [{"id": number(1)}]}), Verdict::Failed),
            (json!({"batchItemFailures": [{"itemIdentifier": "4711"}]}), Verdict::Failed),
            (
                json!({"batchItemFailures": [{"itemIdentifier": number(1)}, {"itemIdentifier": ""}]}),
                Verdict::Failed,
            ),
            (json!({"batchItemFailures": "all"}), Verdict::Failed),
            (json!("done"), Verdict::Failed),
            (json!([]), Verdict::Failed),
        ] {
            assert_eq!(verdict(&answer, &records), expected, "{answer}");
        }
    }
}
