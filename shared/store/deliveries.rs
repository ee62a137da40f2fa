//! Messages on their way out of the outbox.
//!
//! A message is there until it is sent, so what is there has not been sent. Whoever delivers it
//! claims it first: of two at once, one sends. The claim ends by itself, so that a message whose
//! deliverer died is sent by another one; if it had been sent just before, once more.
//!
//! A claim needs nothing of the message but its key: also what can't be read is counted, and goes
//! out of the way in the end.

use std::mem;

use serde::Deserialize;
use time::Duration;

use super::expression::{Comparison, absent, exists, is, sorts};
use super::item::{Item, from_item, key_item, text, text_of};
use super::keys::{self, TABLE, TYPE};
use super::list::{Order, Query, Range};
use super::read::Read;
use super::table::{Store, Written};
use super::transaction::Transaction;
use super::write::{OldItem, Write};
use crate::domain::error::Result;
use crate::domain::ids::MessageId;
use crate::domain::message::{Event, KEPT, Message};
use crate::domain::time::Timestamp;

/// For how long a claim keeps others away: longer than a function runs.
pub const CLAIM_LIFETIME: Duration = Duration::seconds(90);

/// How many messages of each of the outbox's partitions are looked at at once.
const BATCH: usize = 25;

/// The deliveries of the table's messages.
#[derive(Debug, Clone, Copy)]
pub struct Deliveries<'a>(&'a Store);

/// One attempt to deliver a message, which is claimed for it.
pub struct DeliveryAttempt {
    /// The message's identifier.
    pub id: MessageId,
    /// How often it was tried.
    pub tries: AttemptCount,
    token: String,
    item: Item,
}

/// How often a message was tried.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct AttemptCount {
    /// All tries, this one included.
    #[serde(rename = "tries")]
    pub all: u32,
    /// The same, without those that ended because of the mailer's state alone.
    #[serde(rename = "attempts")]
    pub counted: u32,
    /// Those that may have sent it, because no answer came.
    #[serde(default)]
    pub unanswered: u32,
}

/// The attributes that a message in the outbox has more than the message itself.
const DELIVERY: [&str; 5] = ["claim", "claimed_until", "tries", "attempts", "unanswered"];

/// A pass through the outbox: the partitions that are not at their end, and where to go on.
#[derive(Debug)]
pub struct OutboxSweep {
    before: Timestamp,
    partitions: Vec<(String, Option<String>)>,
}

/// A message that is still there.
#[derive(Debug, Deserialize)]
struct Unsent {
    #[serde(rename = "sk")]
    id: MessageId,
    #[serde(default)]
    attempts: u32,
    claimed_until: Option<Timestamp>,
}

impl Store {
    /// Deliveries of messages.
    pub fn deliveries(&self) -> Deliveries<'_> {
        Deliveries(self)
    }
}

impl Deliveries<'_> {
    /// Claims a message; `None` where it has been sent or set aside, or somebody else has it.
    pub async fn claim(self, id: MessageId, now: Timestamp) -> Result<Option<DeliveryAttempt>> {
        let token = MessageId::new(now).to_string();
        let free = absent("claimed_until").or(sorts("claimed_until", Comparison::AtMost, now));
        let write = Write::update(keys::message(id))
            .set_text("claim", &token)
            .set_text("claimed_until", now.plus(CLAIM_LIFETIME))
            .count("tries", 1)
            .count("attempts", 1)
            .when_judged(exists().and(free), Ok)
            .returning();
        let item = match self.0.update(write).await? {
            Written::Done(item) | Written::Refused(item) => item,
        };
        // The SDK tries again where an answer is lost: then the claim in the way is our own.
        let is_ours = |item: &Item| text_of(item, "claim").as_deref() == Some(&*token);
        let Some(item) = item.filter(is_ours) else { return Ok(None) };
        let tries = from_item(item.clone())?;
        Ok(Some(DeliveryAttempt { id, tries, token, item }))
    }

    /// Gives a message back, so that the next try need not wait for the claim's end. A try that
    /// does not count says nothing against the message.
    pub async fn release(self, attempt: &DeliveryAttempt, counts: bool) -> Result<()> {
        let release =
            Write::update(keys::message(attempt.id)).remove("claim").remove("claimed_until");
        let release = if counts { release } else { release.change_by("attempts", -1) };
        let write = release.when(is("claim", &attempt.token), || ());
        self.0.update(write).await.map(drop)
    }

    /// Notes that a message may have been sent. It stays claimed: nobody sends it again at once.
    pub async fn note_unanswered(self, attempt: &DeliveryAttempt) -> Result<()> {
        let write = Write::update(keys::message(attempt.id))
            .set("unanswered", &(attempt.tries.unanswered + 1))
            .when(is("claim", &attempt.token), || ());
        self.0.update(write).await.map(drop)
    }

    /// Takes a message out of the outbox: it is sent, or there is nobody to send it to.
    pub async fn delete(self, id: MessageId) -> Result<()> {
        self.0.delete(Write::<(), _>::delete(keys::message(id))).await.map(drop)
    }

    /// Puts other messages in the place of one.
    pub async fn replace(
        self,
        attempt: &DeliveryAttempt,
        by: impl IntoIterator<Item = Event>,
        now: Timestamp,
    ) -> Result<()> {
        let mut transaction = Transaction::unnamed(now).with(attempt.delete());
        for event in by {
            transaction = transaction.with(self.0.outbox().send(event, now)?);
        }
        self.0.transact(transaction).await.map(drop)
    }

    /// Takes a message that can't be sent out of everybody's way, to where an operator finds it.
    pub async fn set_aside(
        self,
        attempt: &DeliveryAttempt,
        reason: &str,
        now: Timestamp,
    ) -> Result<()> {
        let mut item = attempt.item.clone();
        item.retain(|name, _| !DELIVERY.contains(&name.as_str()));
        item.extend(key_item(keys::failed_message(attempt.id)));
        let failed = Write::put(item)
            .with(TYPE, text("failed_message"))
            .with("reason", text(reason))
            .with("failed_at", text(now))
            .expires(now.plus(KEPT));
        let transaction = Transaction::unnamed(now).with(attempt.delete()).with(failed);
        self.0.transact(transaction).await.map(drop)
    }

    /// Puts back into the outbox what was set aside and is still worth telling; drops the rest.
    /// Says how many were put back. What can't be read stays for a version that can.
    pub async fn return_failed(self, now: Timestamp) -> Result<usize> {
        let mut returned = 0;
        for item in self.0.partition(&keys::failed_messages(), Read::Consistent).await? {
            let Ok(message) = from_item::<Message>(item) else { continue };
            let failed = Write::delete(keys::failed_message(message.id)).when(exists(), || ());
            let mut transaction = Transaction::unnamed(now).with(failed);
            if !message.is_stale(now) {
                transaction = transaction.with(self.0.outbox().put_back(&message)?);
            }
            let messages = transaction.len() - 1;
            // Refused, where somebody else was faster.
            if self.0.transact(transaction).await?.is_committed() {
                returned += messages;
            }
        }
        Ok(returned)
    }

    /// The next messages of a sweep that nobody has claimed, those first that were tried least;
    /// `None` at its end.
    ///
    /// The reads may lag behind by a moment. One that shows a message that was sent or claimed since
    /// costs a claim, which fails; one that does not show a message yet leaves it to the next sweep.
    pub async fn next_unsent(
        self,
        sweep: &mut OutboxSweep,
        now: Timestamp,
    ) -> Result<Option<Vec<MessageId>>> {
        if sweep.partitions.is_empty() {
            return Ok(None);
        }
        let mut unsent = Vec::new();
        for (partition, after) in mem::take(&mut sweep.partitions) {
            let query = Query {
                range: Range::Before(keys::messages_before(sweep.before)),
                ..Query::all(TABLE, partition.clone(), Order::Ascending)
            };
            let found = self.0.query(&query, after.as_deref(), BATCH).await?;
            // What is no message must not hide the rest.
            unsent.extend(found.items.into_iter().filter_map(|it| from_item::<Unsent>(it).ok()));
            sweep.partitions.extend(found.end.map(|end| (partition, Some(end))));
        }
        unsent.retain(|message| message.claimed_until.is_none_or(|until| until <= now));
        unsent.sort_by_key(|message| (message.attempts, message.id));
        Ok(Some(unsent.into_iter().map(|message| message.id).collect()))
    }
}

impl OutboxSweep {
    /// A pass through all messages from before a time, the oldest of each partition first.
    pub fn before(before: Timestamp) -> Self {
        Self { before, partitions: keys::outboxes().map(|partition| (partition, None)).collect() }
    }
}

impl DeliveryAttempt {
    /// The message, if it can be read.
    pub fn message(&self) -> Result<Message> {
        from_item(self.item.clone())
    }

    /// The write that takes the message out of the outbox, while the claim on it lasts.
    fn delete(&self) -> Write<(), OldItem> {
        Write::delete(keys::message(self.id)).when(is("claim", &self.token), || ())
    }
}
