//! Delivers the shop's mail from the outbox to the mailbox.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::mail::Mail;

use crate::app::App;

impl App {
    /// Delivers the messages in the outbox, as the stream does, until there are no new ones.
    /// Returns the sequence numbers of the records that the stream would retry.
    pub async fn deliver_mail(&self) -> Vec<String> {
        let (mut failures, mut delivered) = (Vec::new(), Vec::new());
        loop {
            let mut records = self.outbox().await;
            records.retain(|record| !delivered.contains(&record["dynamodb"]["SequenceNumber"]));
            if records.is_empty() {
                return failures;
            }
            delivered.extend(records.iter().map(|it| it["dynamodb"]["SequenceNumber"].clone()));
            let answer = self.deliver(&records).await;
            failures.extend(answer);
        }
    }

    /// Sends a batch of records to `deliver-mail`; returns the sequence numbers of those to retry.
    pub async fn deliver(&self, records: &[Value]) -> Vec<String> {
        let answer = self.run_job("deliver-mail", json!({"Records": records})).await;
        let answer = answer.expect("an answer");
        let failures = answer["batchItemFailures"].as_array().expect("a list").iter();
        let number = |failure: &Value| failure["itemIdentifier"].as_str().expect("one").to_owned();
        failures.map(number).collect()
    }

    /// Runs `deliver-mail` like the schedule does.
    pub async fn sweep_outbox(&self) -> Value {
        let event = json!({
            "version": "0",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "detail": {},
        });
        self.run_job("deliver-mail", event).await.expect("an answer")
    }

    /// Returns the unsent messages as the stream's records of them, oldest first. A record's
    /// sequence number is its message's identifier.
    pub async fn outbox(&self) -> Vec<Value> {
        let items = self.contents().await.into_values();
        let messages = items.filter(|item| text(item, "type") == "message");
        let mut messages: Vec<_> = messages.map(|item| text(&item, "sk").to_owned()).collect();
        messages.sort();
        messages.iter().map(|id| record(id)).collect()
    }

    /// Returns the mails to an email, oldest first.
    pub fn mails_to(&self, address: &str) -> Vec<Mail> {
        self.mailbox.to(address)
    }

    /// Returns the only mail to an email; fails the test if there is none or more.
    #[track_caller]
    pub fn mail_to(&self, address: &str) -> Mail {
        let mut mails = self.mails_to(address);
        assert_eq!(mails.len(), 1, "mails to {address}");
        mails.remove(0)
    }
}

/// Returns the stream's record of a new message.
pub fn record(message: &str) -> Value {
    json!({
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "Keys": {"pk": {"S": "OUTBOX#?"}, "sk": {"S": message}},
            "NewImage": {"type": {"S": "message"}},
            "SequenceNumber": message,
        },
    })
}

fn text<'a>(item: &'a std::collections::HashMap<String, AttributeValue>, name: &str) -> &'a str {
    item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}
