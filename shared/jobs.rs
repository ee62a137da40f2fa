//! The jobs, which are the functions that no route calls, and what starts each.
//!
//! Like `http::routes`, this list is data that the wiring tests read. The types below are the
//! events that jobs receive.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::error::{Error, Result};
use crate::store::keys::Key;

/// What starts a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// The table's stream, with a batch of changes.
    Stream,
    /// A schedule.
    Schedule,
    /// An operator, who invokes it.
    Command,
}

/// A function without a route.
#[derive(Debug)]
pub struct Job {
    /// The name of its function, binary and event.
    pub name: &'static str,
    /// What starts it.
    pub triggers: &'static [Trigger],
}

/// Every job of the shop.
pub const JOBS: &[Job] = &[
    Job { name: "rotate-token-key", triggers: &[Trigger::Command] },
    Job { name: "erase-users", triggers: &[Trigger::Schedule] },
    Job { name: "project-changes", triggers: &[Trigger::Stream] },
    Job { name: "compact-catalogue", triggers: &[Trigger::Schedule] },
    Job { name: "expire-orders", triggers: &[Trigger::Schedule] },
    Job { name: "deliver-mail", triggers: &[Trigger::Stream, Trigger::Schedule, Trigger::Command] },
];

/// The event of a schedule, from EventBridge. Its content is ignored.
#[derive(Debug, Deserialize)]
pub struct ScheduledEvent {}

/// The event of the table's stream: a batch of changes, those to one item in the order in which
/// they were made (<https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>).
#[derive(Debug, Deserialize)]
pub struct StreamEvent {
    /// The changes to items.
    #[serde(rename = "Records")]
    pub records: Vec<StreamRecord>,
}

/// A change to one item.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "wire::Record")]
pub struct StreamRecord {
    /// The kind of change.
    pub change: Change,
    /// The record's sequence number in the stream.
    pub sequence_number: String,
    /// The primary key of the item.
    pub key: Key,
    /// The item's type, or its last type if it was deleted; empty if it has none.
    pub item_type: String,
    /// The item before the change; `None` if it was created.
    pub before: Option<Image>,
    /// The item after the change; `None` if it was deleted.
    pub after: Option<Image>,
}

/// An item in a record: its attributes by name, in DynamoDB's JSON.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Image(BTreeMap<String, Value>);

impl Image {
    /// Returns a text attribute.
    pub fn text(&self, attribute: &str) -> Option<&str> {
        self.0.get(attribute)?["S"].as_str()
    }

    /// Returns a number attribute, if it is a whole number and not negative.
    pub fn number(&self, attribute: &str) -> Option<u64> {
        self.0.get(attribute)?["N"].as_str()?.parse().ok()
    }

    /// Returns an attribute that is a truth value.
    pub fn flag(&self, attribute: &str) -> Option<bool> {
        self.0.get(attribute)?["BOOL"].as_bool()
    }

    /// Parses the whole item; an internal error if it is not of type `T`.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T> {
        let attributes = self.0.iter().map(|(name, value)| (name.clone(), value.clone()));
        let item: serde_dynamo::Item =
            serde_json::from_value(Value::Object(attributes.collect())).map_err(Error::internal)?;
        serde_dynamo::from_item(item).map_err(Error::internal)
    }

    /// Whether both have the same attributes, apart from those that `ignored` names.
    pub fn equals_except(&self, other: &Self, ignored: &[&str]) -> bool {
        let of = |image: &Self| {
            let mut attributes = image.0.clone();
            attributes.retain(|name, _| !ignored.contains(&name.as_str()));
            attributes
        };
        of(self) == of(other)
    }

    /// Whether both have the same values of these attributes.
    pub fn equals_in(&self, other: &Self, attributes: &[&str]) -> bool {
        attributes.iter().all(|name| self.0.get(*name) == other.0.get(*name))
    }
}

/// The kinds of change to an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Change {
    /// The item was created.
    Insert,
    /// The item was changed or replaced.
    Modify,
    /// The item was deleted.
    Remove,
}

/// The response of a function that reads a stream: the records that must be delivered again. All
/// others are finished
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>).
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailures {
    batch_item_failures: Vec<BatchItemFailure>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchItemFailure {
    item_identifier: String,
}

impl FromIterator<String> for BatchItemFailures {
    /// Builds the response from the records' sequence numbers.
    fn from_iter<I: IntoIterator<Item = String>>(sequence_numbers: I) -> Self {
        let failure = |item_identifier| BatchItemFailure { item_identifier };
        Self { batch_item_failures: sequence_numbers.into_iter().map(failure).collect() }
    }
}

/// A record as Lambda delivers it.
mod wire {
    use serde::Deserialize;

    use super::{Change, Image, Key, StreamRecord};

    #[derive(Deserialize)]
    pub(super) struct Record {
        #[serde(rename = "eventName")]
        change: Change,
        dynamodb: Details,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Details {
        sequence_number: String,
        keys: Keys,
        new_image: Option<Image>,
        old_image: Option<Image>,
    }

    #[derive(Deserialize)]
    struct Keys {
        pk: Text,
        sk: Text,
    }

    #[derive(Deserialize)]
    struct Text {
        #[serde(rename = "S")]
        text: String,
    }

    impl From<Record> for StreamRecord {
        fn from(Record { change, dynamodb }: Record) -> Self {
            let Details { sequence_number, keys, new_image, old_image } = dynamodb;
            let image = new_image.as_ref().or(old_image.as_ref());
            let item_type = image.and_then(|image| image.text("type")).unwrap_or_default();
            Self {
                change,
                sequence_number,
                key: Key { pk: keys.pk.text, sk: keys.sk.text },
                item_type: item_type.to_owned(),
                before: old_image,
                after: new_image,
            }
        }
    }
}

/// Returns the job with this name; panics if there is none, which in a `const` is a compile error.
pub const fn named(name: &str) -> &'static Job {
    let mut index = 0;
    while index < JOBS.len() {
        if crate::http::routes::same(JOBS[index].name, name) {
            return &JOBS[index];
        }
        index += 1;
    }
    panic!("no job has this name")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_holds_the_change_and_the_item_it_was_made_to() {
        let records = json!([
            {
                "eventName": "INSERT",
                "dynamodb": {
                    "Keys": {"pk": {"S": "OUTBOX#7"}, "sk": {"S": "msg_1"}},
                    "NewImage": {"type": {"S": "message"}, "n": {"N": "1"}},
                    "SequenceNumber": "442",
                },
            },
            {
                "eventName": "REMOVE",
                "dynamodb": {
                    "Keys": {"pk": {"S": "PRODUCT#1"}, "sk": {"S": "PRODUCT"}},
                    "OldImage": {"type": {"S": "product"}},
                    "SequenceNumber": "443",
                },
            },
        ]);
        let event: StreamEvent = serde_json::from_value(json!({"Records": records})).unwrap();
        let [inserted, removed] = event.records.as_slice() else { panic!("two records") };
        assert_eq!((inserted.change, &*inserted.sequence_number), (Change::Insert, "442"));
        assert_eq!((&*inserted.key.pk, &*inserted.key.sk), ("OUTBOX#7", "msg_1"));
        assert_eq!(inserted.item_type, "message");
        assert_eq!((removed.change, &*removed.item_type), (Change::Remove, "product"));
    }

    #[test]
    fn the_response_lists_the_records_to_deliver_again() {
        let failures: BatchItemFailures = ["442".to_owned()].into_iter().collect();
        let response = serde_json::to_value(failures).unwrap();
        assert_eq!(response, json!({"batchItemFailures": [{"itemIdentifier": "442"}]}));
    }
}
