//! What has to leave the shop: a message is written in the same transaction as its cause, and
//! stays until it is sent (`store::deliveries`).

use super::db::Store;
use super::item::{Item, number, to_item};
use super::keys::{self, TTL};
use super::transaction_old::Write;
use super::write::NewItem;
use crate::domain::error::Result;
use crate::domain::message::{Event, KEPT, Message};
use crate::domain::time::Timestamp;

impl Message {
    /// The write that puts it into the outbox.
    pub(super) fn create(&self) -> Result<Write> {
        // Who is written to must not get into a log.
        Ok(Write::create(self.item()?).secretly())
    }

    fn item(&self) -> Result<Item> {
        let mut item = to_item("message", keys::message(self.id), self)?;
        item.insert(TTL.to_owned(), number(self.created_at.plus(KEPT).unix_seconds()));
        Ok(item)
    }
}

impl Store {
    /// Sends a message that has no other cause than that somebody asked for it.
    pub async fn post(&self, event: Event, now: Timestamp) -> Result<()> {
        self.put_old(Message::new(event, now).item()?).await
    }
}

/// The messages of the table that wait to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Outbox<'a>(&'a Store);

impl Store {
    /// Messages on their way out.
    pub fn outbox(&self) -> Outbox<'_> {
        Outbox(self)
    }
}

impl Outbox<'_> {
    /// The write that sends a message off together with its cause.
    pub fn send<R>(self, event: Event, now: Timestamp) -> Result<super::write::Write<R, NewItem>> {
        let _ = self.0;
        Ok(super::write::Write::create_new(Message::new(event, now).item()?))
    }
}

/// The write that sends a message off.
pub(super) fn send(event: Event, now: Timestamp) -> Result<Write> {
    Message::new(event, now).create()
}
