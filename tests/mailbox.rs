//! Where the shop's mail goes in a test, and what can go wrong on the way there.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::{BoxFuture, FutureExt};
use serde_json::{Value, json};
use shared::mail::{Mail, Mailer, SendError};
use tokio::sync::Notify;

use crate::app::App;

/// All that was sent; clones share it.
#[derive(Clone, Default)]
pub struct Mailbox(Arc<Inside>);

#[derive(Default)]
struct Inside {
    mails: Mutex<Vec<Mail>>,
    trouble: Mutex<VecDeque<Mishap>>,
    sent: Notify,
}

/// What happens to a mail instead of being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// The mailer has too much to do.
    Busy,
    /// The mailer does not take it.
    Permanent,
    /// It is sent, and nobody ever hears of it: what a function that dies just then has seen.
    NoAnswer,
    /// It is sent, and the answer is lost.
    AnswerLost,
    /// The mailer panics.
    Panic,
}

impl Mailbox {
    /// What was sent to somebody, oldest first.
    pub fn to(&self, address: &str) -> Vec<Mail> {
        let mails = lock(&self.0.mails);
        mails.iter().filter(|mail| mail.to.as_str() == address).cloned().collect()
    }

    /// How many mails were sent.
    pub fn count(&self) -> usize {
        lock(&self.0.mails).len()
    }

    /// Lets this happen to the next mails, one after the other.
    pub fn make_trouble(&self, mishaps: impl IntoIterator<Item = Mishap>) {
        lock(&self.0.trouble).extend(mishaps);
    }

    /// Waits until a mail is sent.
    pub async fn has_one_more(&self) {
        self.0.sent.notified().await;
    }

    fn put(&self, mail: &Mail) {
        lock(&self.0.mails).push(mail.clone());
        self.0.sent.notify_one();
    }
}

impl Mailer for Mailbox {
    fn send<'a>(&'a self, mail: &'a Mail) -> BoxFuture<'a, Result<(), SendError>> {
        async move {
            let mishap = lock(&self.0.trouble).pop_front();
            match mishap {
                None => {
                    self.put(mail);
                    Ok(())
                }
                Some(Mishap::Busy) => {
                    Err(SendError::Transient("TooManyRequestsException".to_owned()))
                }
                Some(Mishap::Permanent) => Err(SendError::Permanent("MessageRejected".to_owned())),
                Some(Mishap::AnswerLost) => {
                    self.put(mail);
                    Err(SendError::OutcomeUnknown("no answer".to_owned()))
                }
                Some(Mishap::NoAnswer) => {
                    self.put(mail);
                    std::future::pending().await
                }
                Some(Mishap::Panic) => panic!("a mailer's bug"),
            }
        }
        .boxed()
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox(…)")
    }
}

/// The token in a mail's link.
#[track_caller]
pub fn token(mail: &Mail) -> String {
    let (_, rest) = mail.text.split_once("#token=").expect("a link with a token");
    rest.split_whitespace().next().expect("a token").to_owned()
}

impl App {
    /// Delivers what is in the outbox, as the stream brings it, until nothing new comes. Gives the
    /// sequence numbers of the records that would have to come again.
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

    /// Hands `deliver-mail` a batch of records; gives those that have to come again.
    pub async fn deliver(&self, records: &[Value]) -> Vec<String> {
        let answer = self.run_job("deliver-mail", json!({"Records": records})).await;
        let answer = answer.expect("an answer");
        let failures = answer["batchItemFailures"].as_array().expect("a list").iter();
        let number = |failure: &Value| failure["itemIdentifier"].as_str().expect("one").to_owned();
        failures.map(number).collect()
    }

    /// Lets `deliver-mail` look through the outbox, as it does every few minutes.
    pub async fn sweep_outbox(&self) -> Value {
        let event = json!({
            "version": "0",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "detail": {},
        });
        self.run_job("deliver-mail", event).await.expect("an answer")
    }

    /// The messages that are not sent, as the records by which the stream told of them, oldest
    /// first. A record's sequence number is its message's identifier.
    pub async fn outbox(&self) -> Vec<Value> {
        let items = self.contents().await.into_values();
        let messages = items.filter(|item| text(item, "type") == "message");
        let mut messages: Vec<_> = messages.map(|item| text(&item, "sk").to_owned()).collect();
        messages.sort();
        messages.iter().map(|id| record(id)).collect()
    }

    /// What was sent to somebody, oldest first.
    pub fn mails_to(&self, address: &str) -> Vec<Mail> {
        self.mailbox.to(address)
    }

    /// The one mail that was sent to somebody.
    #[track_caller]
    pub fn mail_to(&self, address: &str) -> Mail {
        let mut mails = self.mails_to(address);
        assert_eq!(mails.len(), 1, "mails to {address}");
        mails.remove(0)
    }
}

/// The stream's record of a new message.
pub fn record(message: &str) -> Value {
    json!({
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {
            "Keys": {"pk": {"S": "OUTBOX#?"}, "sk": {"S": message}},
            "SequenceNumber": message,
        },
    })
}

fn text<'a>(item: &'a std::collections::HashMap<String, AttributeValue>, name: &str) -> &'a str {
    item.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
