//! What has to leave the shop: a message is written in the same transaction as its cause, and
//! stays until it is sent ([`super::deliveries`]).

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

/// The messages of the table that wait to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Outbox<'a>(&'a Store);

const MESSAGE: &str = "message";

impl Store {
    /// Messages on their way out.
    pub fn outbox(&self) -> Outbox<'_> {
        Outbox(self)
    }
}

impl Outbox<'_> {
    /// The write that sends a message off together with its cause.
    pub fn send<R>(self, event: Event, now: Timestamp) -> Result<Write<R, NewItem>> {
        let message = Message::new(event, now);
        Ok(Write::create_new(item(&message)?).expires(message.expires_at()))
    }

    /// Sends a message off that has no other cause than that somebody asked for it.
    pub async fn send_alone(self, event: Event, now: Timestamp) -> Result<()> {
        let message = Message::new(event, now);
        // Without a condition: the SDK may send it twice.
        let write = Write::<(), _>::put(item(&message)?).expires(message.expires_at());
        self.0.put(write).await.map(drop)
    }

    /// The write that puts a message back that was set aside; refused where it is there.
    pub(super) fn put_back(self, message: &Message) -> Result<Write<(), NewItem>> {
        let write = Write::create(item(message)?, || ());
        Ok(write.expires(message.expires_at()))
    }

    /// Drops every message to a person that was written until then and could not be sent so far,
    /// also those that were set aside.
    pub async fn forget(self, user: UserId, email: &Email, until: Timestamp) -> Result<()> {
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
