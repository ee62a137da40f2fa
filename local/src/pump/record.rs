//! A record of the stream, in the form that a function gets.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The position of a record in its shard: decimal digits, compared as a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct SequenceNumber(String);

impl SequenceNumber {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for SequenceNumber {
    fn from(digits: T) -> Self {
        Self(digits.into())
    }
}

impl Ord for SequenceNumber {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let (ours, theirs) = (self.0.trim_start_matches('0'), other.0.trim_start_matches('0'));
        ours.len().cmp(&theirs.len()).then_with(|| ours.cmp(theirs))
    }
}

impl PartialOrd for SequenceNumber {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// A record of the stream.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    pub shard: String,
    pub sequence_number: SequenceNumber,
    /// When the record was written, in milliseconds since 1970.
    pub written: i64,
    /// The size of the record in an invocation's payload, in bytes.
    pub size: usize,
    /// The record as a member of `Records` in the function's event.
    pub event: Value,
}

impl Record {
    /// Creates a record from a member of `GetRecords`' response. Replaces the database's region by
    /// the one of the functions.
    ///
    /// Has the form of <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>.
    pub fn new(mut received: Value, shard: &str, stream: &str, region: &str) -> Self {
        let data = &mut received["dynamodb"];
        let written = data["ApproximateCreationDateTime"].as_f64().unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, reason = "whole seconds, until far away")]
        let seconds = written as i64;
        data["ApproximateCreationDateTime"] = seconds.into();
        let sequence_number = data["SequenceNumber"].as_str().unwrap_or_default().into();

        received["awsRegion"] = region.into();
        received["eventSource"] = "aws:dynamodb".into();
        received["eventSourceARN"] = in_region(stream, region).into();
        if let Some(identity) = received.get_mut("userIdentity").filter(|who| who.is_object()) {
            let member = |one: &str, other: &str| {
                identity.get(one).or_else(|| identity.get(other)).cloned().unwrap_or_default()
            };
            *identity = json!({
                "type": member("type", "Type"),
                "principalId": member("principalId", "PrincipalId"),
            });
        }
        Self {
            shard: shard.to_owned(),
            sequence_number,
            written: seconds.saturating_mul(1000),
            size: received.to_string().len(),
            event: received,
        }
    }

    /// Returns the index of the worker, below `workers`, that processes it: always the same for the
    /// records of one item.
    pub fn worker(&self, workers: usize) -> usize {
        let keys = self.event["dynamodb"]["Keys"].as_object().into_iter().flatten();
        let keys: BTreeMap<_, _> = keys.map(|(name, value)| (name, value.to_string())).collect();
        let mut hasher = DefaultHasher::new();
        keys.hash(&mut hasher);
        usize::try_from(hasher.finish() % workers.max(1) as u64).unwrap_or(0)
    }
}

/// Replaces the region in an ARN.
pub(super) fn in_region(arn: &str, region: &str) -> String {
    let mut parts: Vec<_> = arn.splitn(5, ':').collect();
    if let Some(theirs) = parts.get_mut(3) {
        *theirs = region;
    }
    parts.join(":")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A record of the item `item`, the `number`th of its shard, written at `written` seconds.
    pub fn record(number: u32, item: &str, written: i64) -> Record {
        let received = json!({
            "eventID": format!("event-{number}"),
            "eventName": "INSERT",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "dynoxide",
            "dynamodb": {
                "ApproximateCreationDateTime": written,
                "Keys": {"pk": {"S": item}},
                "NewImage": {"pk": {"S": item}, "type": {"S": "message"}},
                "SequenceNumber": format!("1000000000000000000{number:02}"),
                "SizeBytes": 26,
                "StreamViewType": "NEW_AND_OLD_IMAGES",
            },
        });
        Record::new(
            received,
            "shardId-1",
            "arn:aws:dynamodb:dynoxide:0:table/t/stream/s",
            "us-east-1",
        )
    }

    #[test]
    fn sequence_numbers_compare_by_value() {
        let number = |digits: &str| SequenceNumber::from(digits);
        assert!(number("9") < number("10"));
        assert!(number("000000000000000000009") < number("10"));
        assert!(number("1000000000000000000000000000000000000001") > number("999"));
    }

    #[test]
    fn the_region_is_replaced() {
        let event = record(1, "a", 1_700_000_000).event;
        assert_eq!(event["awsRegion"], "us-east-1");
        assert_eq!(event["eventSourceARN"], "arn:aws:dynamodb:us-east-1:0:table/t/stream/s");
        assert_eq!(event["dynamodb"]["ApproximateCreationDateTime"], 1_700_000_000);
    }

    #[test]
    fn the_record_of_an_expired_item_has_lambdas_user_identity() {
        let received = json!({
            "eventName": "REMOVE",
            "dynamodb": {},
            "userIdentity": {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"},
        });
        let event = Record::new(received, "s", "a:b:c:d:e", "us-east-1").event;
        assert_eq!(
            event["userIdentity"],
            json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"})
        );
    }

    #[test]
    fn an_item_always_has_the_same_worker_and_items_use_all_workers() {
        let workers: std::collections::BTreeSet<_> =
            (0..40).map(|item| record(1, &format!("item-{item}"), 0).worker(4)).collect();
        assert_eq!(workers.len(), 4);
        assert_eq!(record(1, "a", 0).worker(4), record(2, "a", 9).worker(4));
    }
}
