//! Delivery of the messages in the outbox.
//!
//! A message stays in the outbox until it is sent. A worker claims it before it sends it, so that
//! of two concurrent workers only one sends. The claim expires: if the worker dies, another one
//! sends the message, a second time if the first worker had just sent it.
//!
//! A claim needs only the message's key. So attempts are counted even for a message that this
//! version can't parse, and after too many of them it is moved to the failed messages.

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
use crate::domain::message::{Event, MESSAGE_LIFETIME, Message};
use crate::domain::time::Timestamp;

/// How long a claim excludes other workers; longer than the timeout of `deliver-mail`.
pub const CLAIM_LIFETIME: Duration = Duration::seconds(90);

/// How many messages a sweep reads at a time from each partition of the outbox.
const BATCH: usize = 25;

/// The store's operations for delivering messages.
#[derive(Debug, Clone, Copy)]
pub struct Deliveries<'a>(&'a Store);

/// An attempt to deliver a message, which it has claimed.
pub struct DeliveryAttempt {
    /// The message's identifier.
    pub id: MessageId,
    /// How many attempts were made, this one included.
    pub tries: AttemptCount,
    token: String,
    item: Item,
}

/// How many attempts were made to deliver a message.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct AttemptCount {
    /// All attempts, the current one included.
    #[serde(rename = "tries")]
    pub all: u32,
    /// The attempts that count against the message: all but those that failed only because of the
    /// mailer, such as throttling.
    #[serde(rename = "attempts")]
    pub counted: u32,
    /// Earlier attempts that may have sent the message, because the mailer's response was lost.
    #[serde(default)]
    pub unanswered: u32,
}

/// The attributes that deliveries add to a message's item.
const DELIVERY: [&str; 5] = ["claim", "claimed_until", "tries", "attempts", "unanswered"];

/// A pass through the outbox: the partitions that are not finished, each with the sort key after
/// which it continues.
#[derive(Debug)]
pub struct OutboxSweep {
    before: Timestamp,
    partitions: Vec<(String, Option<String>)>,
}

/// The attributes that a sweep reads of a message in the outbox.
#[derive(Debug, Deserialize)]
struct Unsent {
    #[serde(rename = "sk")]
    id: MessageId,
    #[serde(default)]
    attempts: u32,
    claimed_until: Option<Timestamp>,
}

impl Store {
    /// Returns the store's operations for delivering messages.
    pub fn deliveries(&self) -> Deliveries<'_> {
        Deliveries(self)
    }
}

impl Deliveries<'_> {
    /// Claims a message; `None` if it was sent or moved to the failed messages, or if another
    /// worker has claimed it.
    pub async fn claim(self, id: MessageId, now: Timestamp) -> Result<Option<DeliveryAttempt>> {
        let token = MessageId::new(now).to_string();
        let free = absent("claimed_until").or(sorts("claimed_until", Comparison::AtMost, now));
        let write = Write::update(keys::message(id))
            .set_text("claim", &token)
            .set_text("claimed_until", now.plus(CLAIM_LIFETIME))
            .count("tries", 1)
            .count("attempts", 1)
            .when_with_item(exists().and(free), Ok)
            .return_new_item();
        let item = match self.0.update(write).await? {
            Written::Done(item) | Written::Refused(item) => item,
        };
        // If a response is lost, the SDK retries, and then our own claim rejects the write.
        let is_ours = |item: &Item| text_of(item, "claim").as_deref() == Some(&*token);
        let Some(item) = item.filter(is_ours) else { return Ok(None) };
        let tries = from_item(item.clone())?;
        Ok(Some(DeliveryAttempt { id, tries, token, item }))
    }

    /// Releases the claim, so that the next attempt need not wait until it expires. If `counts` is
    /// false, the attempt does not count against the message. Does nothing if another worker has
    /// claimed the message since.
    pub async fn release(self, attempt: &DeliveryAttempt, counts: bool) -> Result<()> {
        let release =
            Write::update(keys::message(attempt.id)).remove("claim").remove("claimed_until");
        let release = if counts { release } else { release.change_by("attempts", -1) };
        let write = release.when(is("claim", &attempt.token), || ());
        self.0.update(write).await.map(drop)
    }

    /// Records that the mailer's response was lost, so that the message may have been sent. The
    /// claim stays until it expires, which delays the next attempt.
    pub async fn note_unanswered(self, attempt: &DeliveryAttempt) -> Result<()> {
        let write = Write::update(keys::message(attempt.id))
            .set("unanswered", &(attempt.tries.unanswered + 1))
            .when(is("claim", &attempt.token), || ());
        self.0.update(write).await.map(drop)
    }

    /// Deletes a message from the outbox: it was sent, or has no recipient.
    pub async fn delete(self, id: MessageId) -> Result<()> {
        self.0.delete(Write::<(), _>::delete(keys::message(id))).await.map(drop)
    }

    /// Replaces a claimed message by others, in one transaction. Does nothing if another worker has
    /// claimed it since.
    pub async fn replace(
        self,
        attempt: &DeliveryAttempt,
        by: impl IntoIterator<Item = Event>,
        now: Timestamp,
    ) -> Result<()> {
        let mut transaction = Transaction::with_new_token(now).with(attempt.delete());
        for event in by {
            transaction = transaction.with(self.0.outbox().add(event, now)?);
        }
        self.0.transact(transaction).await.map(drop)
    }

    /// Moves a claimed message that can't be sent to the failed messages, with the reason and the
    /// time. Does nothing if another worker has claimed it since.
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
            .expires(now.plus(MESSAGE_LIFETIME));
        let transaction = Transaction::with_new_token(now).with(attempt.delete()).with(failed);
        self.0.transact(transaction).await.map(drop)
    }

    /// Moves the failed messages that are still relevant back into the outbox and deletes the
    /// others; returns how many were moved. Messages that this version can't parse are left
    /// untouched.
    pub async fn return_failed(self, now: Timestamp) -> Result<usize> {
        let mut returned = 0;
        for item in self.0.partition(&keys::failed_messages(), Read::Consistent).await? {
            let Ok(message) = from_item::<Message>(item) else { continue };
            let failed = Write::delete(keys::failed_message(message.id)).when(exists(), || ());
            let mut transaction = Transaction::with_new_token(now).with(failed);
            if !message.is_stale(now) {
                transaction = transaction.with(self.0.outbox().put_back(&message)?);
            }
            let messages = transaction.len() - 1;
            // Rejected if a concurrent call has moved the message already.
            if self.0.transact(transaction).await?.is_committed() {
                returned += messages;
            }
        }
        Ok(returned)
    }

    /// Returns the next unclaimed messages of a sweep, those with the fewest counted attempts
    /// first; `None` at the end of the sweep. The list may be empty before the end.
    ///
    /// The reads are eventually consistent. If one shows a message that was sent or claimed in the
    /// meantime, claiming it fails; a message that it does not show yet is left to the next sweep.
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
            // An item that is not a message must not hide the messages.
            unsent.extend(found.items.into_iter().filter_map(|it| from_item::<Unsent>(it).ok()));
            sweep.partitions.extend(found.end.map(|end| (partition, Some(end))));
        }
        unsent.retain(|message| message.claimed_until.is_none_or(|until| until <= now));
        unsent.sort_by_key(|message| (message.attempts, message.id));
        Ok(Some(unsent.into_iter().map(|message| message.id).collect()))
    }
}

impl OutboxSweep {
    /// Returns a sweep of the messages created before a time, the oldest of each partition first.
    pub fn before(before: Timestamp) -> Self {
        Self { before, partitions: keys::outboxes().map(|partition| (partition, None)).collect() }
    }
}

impl DeliveryAttempt {
    /// Returns the message; an error if this version can't parse it.
    pub fn message(&self) -> Result<Message> {
        from_item(self.item.clone())
    }

    /// Returns the write that deletes the message from the outbox; rejected if another worker has
    /// claimed it since.
    fn delete(&self) -> Write<(), OldItem> {
        Write::delete(keys::message(self.id)).when(is("claim", &self.token), || ())
    }
}
