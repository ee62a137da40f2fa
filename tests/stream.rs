//! The table's stream in tests. Its records are the differences between two reads of the table, or, for
//! a test that needs every version of an item, those of a real stream.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use local::pump::{Table, Tail};
use serde_json::{Value, json};

use crate::database;

/// An item of the table.
pub type Item = HashMap<String, AttributeValue>;

/// A reader of the table's stream.
#[derive(Default)]
pub struct Stream {
    seen: BTreeMap<String, Item>,
    records: usize,
    real: Option<Tail>,
}

impl Stream {
    /// Creates a reader of the real stream of a table, which [`App`](crate::app::App) must have.
    pub fn of_table(name: &str) -> Self {
        let table = Table {
            endpoint: database::endpoint().to_owned(),
            name: name.to_owned(),
            region: "us-east-1".to_owned(),
            access_key_id: "test".to_owned(),
        };
        Self { real: Some(Tail::new(table)), ..Self::default() }
    }

    /// Returns the next records of the real stream; `None` if this is a reader of differences.
    pub async fn next(&mut self) -> Option<Vec<Value>> {
        let records = self.real.as_mut()?.read().await;
        Some(records.expect("the database has the stream"))
    }

    /// Returns the records of the changes since the last call to what the table contains now; several
    /// changes to an item are one.
    pub fn changes(&mut self, now: BTreeMap<String, Item>) -> Vec<Value> {
        let mut records = Vec::new();
        for (key, item) in &self.seen {
            match now.get(key) {
                None => records.push(record("REMOVE", Some(item), None)),
                Some(after) if after != item => {
                    records.push(record("MODIFY", Some(item), Some(after)));
                }
                Some(_) => {}
            }
        }
        let new = now.iter().filter(|(key, _)| !self.seen.contains_key(*key));
        records.extend(new.map(|(_, item)| record("INSERT", None, Some(item))));
        for record in &mut records {
            self.records += 1;
            record["dynamodb"]["SequenceNumber"] = self.records.to_string().into();
        }
        self.seen = now;
        records
    }
}

/// Returns the sequence numbers in the response of a function that reads the stream.
pub fn failures(answer: &Value) -> Vec<String> {
    let failures = answer["batchItemFailures"].as_array().expect("a list").iter();
    let number = |failure: &Value| failure["itemIdentifier"].as_str().expect("one").to_owned();
    failures.map(number).collect()
}

fn record(change: &str, before: Option<&Item>, after: Option<&Item>) -> Value {
    let key = before.or(after).expect("an item");
    let mut details = json!({"Keys": {"pk": attribute(&key["pk"]), "sk": attribute(&key["sk"])}});
    for (name, item) in [("OldImage", before), ("NewImage", after)] {
        if let Some(item) = item {
            details[name] = image(item);
        }
    }
    json!({"eventName": change, "eventSource": "aws:dynamodb", "dynamodb": details})
}

fn image(item: &Item) -> Value {
    item.iter().map(|(name, value)| (name.clone(), attribute(value))).collect()
}

fn attribute(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({"S": text}),
        AttributeValue::N(number) => json!({"N": number}),
        AttributeValue::B(bytes) => json!({"B": STANDARD.encode(bytes)}),
        AttributeValue::Bool(value) => json!({"BOOL": value}),
        AttributeValue::Null(value) => json!({"NULL": value}),
        AttributeValue::L(list) => json!({"L": list.iter().map(attribute).collect::<Value>()}),
        AttributeValue::M(map) => json!({"M": image(map)}),
        AttributeValue::Ss(texts) => json!({"SS": texts}),
        other => panic!("add {other:?} to {}", file!()),
    }
}
