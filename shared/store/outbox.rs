//! The outbox: messages that must be mailed. A message is written in the same transaction as the
//! change that causes it, and stays in the outbox until it is sent ([`super::deliveries`]).

use super::expression::{Comparison, is, sorts};
use super::item::{Item, to_item};
use super::keys;
use super::table::Store;
use super::write::{NewItem, Write};
use crate::domain::email::Email;
use crate::domain::error::Result;
use crate::domain::ids::UserId;
use crate::domain::message::{Event, Message};
use crate::domain::time::Timestamp;

/// The store's operations on messages that wait to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Outbox<'a>(&'a Store);

const MESSAGE: &str = "message";

impl Store {
    /// Returns the store's operations on messages that wait to be sent.
    pub fn outbox(&self) -> Outbox<'_> {
        Outbox(self)
    }
}

impl Outbox<'_> {
    /// Returns the write that adds a message to the outbox, for the transaction that causes it.
    pub fn add<R>(self, event: Event, now: Timestamp) -> Result<Write<R, NewItem>> {
        let message = Message::new(event, now);
        Ok(Write::create_new(item(&message)?).expires(message.expires_at()))
    }

    /// Adds a message to the outbox outside of a transaction, when nothing else is written: for
    /// mail that a user requested.
    pub async fn add_now(self, event: Event, now: Timestamp) -> Result<()> {
        let message = Message::new(event, now);
        // Without a condition, since the SDK may retry a write that succeeded.
        let write = Write::<(), _>::put(item(&message)?).expires(message.expires_at());
        self.0.put(write).await.map(drop)
    }

    /// Returns the write that puts a failed message back into the outbox; rejected if the outbox
    /// contains it already.
    pub(super) fn put_back(self, message: &Message) -> Result<Write<(), NewItem>> {
        let write = Write::create(item(message)?, || ());
        Ok(write.expires(message.expires_at()))
    }

    /// Deletes every unsent message to a user that was created at or before `until`, including
    /// failed messages.
    pub async fn delete_messages_to(
        self,
        user: UserId,
        email: &Email,
        until: Timestamp,
    ) -> Result<()> {
        let theirs = is("event.email", email).or(is("event.user_id", user));
        let which = sorts("created_at", Comparison::AtMost, until).and(theirs);
        for partition in keys::outboxes().chain([keys::failed_messages()]) {
            self.0.delete_partition(&partition, Some(&which)).await?;
        }
        Ok(())
    }
}

fn item(message: &Message) -> Result<Item> {
    to_item(MESSAGE, keys::message(message.id), message)
}
