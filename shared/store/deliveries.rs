//! Messages on their way out of the outbox.
//!
//! A message is there until it is sent, so what is there has not been sent. Whoever delivers it
//! claims it first: of two at once, one sends. The claim ends by itself, so that a message whose
//! deliverer died is sent by another one; if it had been sent just before, once more.
//!
//! A claim needs nothing of the message but its key: also what can't be read is counted, and goes
//! out of the way in the end.

use std::mem;

use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use serde::Deserialize;
use time::Duration;

use super::db::{Read, Store, Updated, failure, text_of};
use super::item::{Item, from_item, key_item, number, text};
use super::keys::{self, TTL, TYPE};
use super::transaction_old::{Outcome, Write, unique_token};
use crate::domain::error::Result;
use crate::domain::ids::MessageId;
use crate::domain::message::{Event, KEPT, Message};
use crate::domain::time::Timestamp;

/// For how long a claim keeps others away: longer than a function runs.
pub const CLAIM: Duration = Duration::seconds(90);

/// How many messages of each of the outbox's partitions are looked at at once.
const BATCH: i32 = 25;

/// A message that is ours to send.
pub struct DeliveryAttempt {
    /// Whose it is.
    pub id: MessageId,
    /// What happened to the message before.
    pub history: Attempts,
    token: String,
    item: Item,
}

/// What happened to a message.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Attempts {
    /// How many tries there were, this one included.
    pub tries: u32,
    /// The same, without those that nothing but the mailer's state had ended.
    pub attempts: u32,
    /// How many tries may have sent it, for all that was heard of them.
    #[serde(default)]
    pub unanswered: u32,
}

/// What a message in the outbox has more than what it tells.
const DELIVERY: [&str; 5] = ["claim", "claimed_until", "tries", "attempts", "unanswered"];

/// A look through the outbox: where to go on in those of its partitions that are not at their end.
#[derive(Debug)]
pub struct OutboxSweep {
    before: Timestamp,
    outboxes: Vec<(String, Option<Item>)>,
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
    /// Claims a message; `None` where it has been sent or set aside, or somebody else has it.
    pub async fn claim_message(
        &self,
        id: MessageId,
        now: Timestamp,
    ) -> Result<Option<DeliveryAttempt>> {
        let token = unique_token(now).to_string();
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(keys::message(id))))
            .update_expression(
                "SET claim = :claim, claimed_until = :until, \
                 tries = if_not_exists(tries, :none) + :one, \
                 attempts = if_not_exists(attempts, :none) + :one",
            )
            .condition_expression(
                "attribute_exists(pk) AND \
                 (attribute_not_exists(claimed_until) OR claimed_until <= :now)",
            )
            .expression_attribute_values(":claim", text(&token))
            .expression_attribute_values(":until", text(now.plus(CLAIM)))
            .expression_attribute_values(":now", text(now))
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let item = match self.update_old(update).await? {
            Updated::Done(item) | Updated::Refused(item) => item,
        };
        // The SDK tries again where an answer is lost: then the claim in the way is our own.
        let is_ours = |item: &Item| text_of(item, "claim").as_deref() == Some(&*token);
        let Some(item) = item.filter(is_ours) else { return Ok(None) };
        let history = from_item(item.clone())?;
        Ok(Some(DeliveryAttempt { id, history, token, item }))
    }

    /// Gives a message back, so that the next try need not wait for the claim's end. A try that
    /// does not count says nothing against the message.
    pub async fn release_message(&self, claim: &DeliveryAttempt, counts: bool) -> Result<()> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(keys::message(claim.id))))
            .update_expression("REMOVE claim, claimed_until SET attempts = attempts - :excused")
            .condition_expression("claim = :claim")
            .expression_attribute_values(":excused", number(if counts { 0 } else { 1 }))
            .expression_attribute_values(":claim", text(&claim.token));
        self.update_old(update).await.map(drop)
    }

    /// Notes that a message may have been sent. It stays claimed: nobody sends it again at once.
    pub async fn note_unanswered(&self, claim: &DeliveryAttempt) -> Result<()> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(keys::message(claim.id))))
            .update_expression("SET unanswered = :unanswered")
            .condition_expression("claim = :claim")
            .expression_attribute_values(":unanswered", number(claim.history.unanswered + 1))
            .expression_attribute_values(":claim", text(&claim.token));
        self.update_old(update).await.map(drop)
    }

    /// Takes a message out of the outbox: it is sent, or there is nobody to send it to.
    pub async fn delete_message(&self, id: MessageId) -> Result<()> {
        self.delete_old(keys::message(id)).await
    }

    /// Puts other messages in the place of one.
    pub async fn replace_message(
        &self,
        claim: &DeliveryAttempt,
        by: impl IntoIterator<Item = Event>,
        now: Timestamp,
    ) -> Result<()> {
        let mut writes = vec![claim.delete()];
        for event in by {
            writes.push(Message::new(event, now).create()?);
        }
        self.write_messages(&writes, now).await.map(drop)
    }

    /// Takes a message that can't be sent out of everybody's way, to where an operator finds it.
    pub async fn set_message_aside(
        &self,
        claim: &DeliveryAttempt,
        why: &str,
        now: Timestamp,
    ) -> Result<()> {
        let mut item = claim.item.clone();
        item.retain(|name, _| !DELIVERY.contains(&name.as_str()));
        item.extend(key_item(keys::failed_message(claim.id)));
        item.insert(TYPE.to_owned(), text("failed_message"));
        item.insert("reason".to_owned(), text(why));
        item.insert("failed_at".to_owned(), text(now));
        item.insert(TTL.to_owned(), number(now.plus(KEPT).unix_seconds()));
        self.write_messages(&[claim.delete(), Write::put(item).secretly()], now).await.map(drop)
    }

    /// Puts back into the outbox what was set aside and is still worth telling; drops the rest.
    /// Says how many were put back. What can't be read stays for a version that can.
    pub async fn return_failed_messages(&self, now: Timestamp) -> Result<usize> {
        let mut returned = 0;
        for item in self.partition(&keys::failed_messages(), Read::Consistent).await? {
            let Ok(message) = from_item::<Message>(item) else { continue };
            let failed = keys::failed_message(message.id);
            let mut writes = vec![Write::delete(failed).when("attribute_exists(pk)").secretly()];
            if !message.is_stale(now) {
                writes.push(message.create()?);
            }
            if self.write_messages(&writes, now).await? {
                returned += writes.len() - 1;
            }
        }
        Ok(returned)
    }

    /// The next messages of a look that nobody has claimed, those first that were tried least;
    /// `None` at its end.
    pub async fn unsent_messages(
        &self,
        look: &mut OutboxSweep,
        now: Timestamp,
    ) -> Result<Option<Vec<MessageId>>> {
        if look.outboxes.is_empty() {
            return Ok(None);
        }
        let mut unsent = Vec::new();
        for (outbox, start) in mem::take(&mut look.outboxes) {
            let (items, end) = self.unsent_of(&outbox, look.before, start).await?;
            // What is no message must not hide the rest.
            unsent.extend(items.into_iter().filter_map(|item| from_item::<Unsent>(item).ok()));
            look.outboxes.extend(end.map(|end| (outbox, Some(end))));
        }
        unsent.retain(|message| message.claimed_until.is_none_or(|until| until <= now));
        unsent.sort_by_key(|message| (message.attempts, message.id));
        Ok(Some(unsent.into_iter().map(|message| message.id).collect()))
    }

    /// Some of a partition's messages, and where to go on.
    async fn unsent_of(
        &self,
        outbox: &str,
        before: Timestamp,
        start: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>)> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk < :before")
            .expression_attribute_values(":pk", text(outbox))
            .expression_attribute_values(":before", text(keys::messages_before(before)))
            .limit(BATCH)
            .set_exclusive_start_key(start);
        let answer = query.send().await.map_err(|error| failure("Query", &error))?;
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
    }

    /// Whether it was written: somebody else may have been faster.
    async fn write_messages(&self, writes: &[Write], now: Timestamp) -> Result<bool> {
        let outcome = self.transact_old(unique_token(now), writes).await?;
        Ok(matches!(outcome, Outcome::Committed))
    }
}

impl OutboxSweep {
    /// A look at all messages from before a time, the oldest of each partition first.
    pub fn before(before: Timestamp) -> Self {
        Self { before, outboxes: keys::outboxes().map(|outbox| (outbox, None)).collect() }
    }
}

impl DeliveryAttempt {
    /// What to tell, if it can be read.
    pub fn message(&self) -> Result<Message> {
        from_item(self.item.clone())
    }

    /// The write that takes the message out of the outbox, while it is ours.
    fn delete(&self) -> Write {
        Write::delete(keys::message(self.id))
            .when("claim = :claim")
            .secretly()
            .value(":claim", text(&self.token))
    }
}
