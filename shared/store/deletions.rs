//! Accounts that are gone, and what else in the table knows their owners.

use tracing::warn;

use super::expression::{Comparison, Condition, is, sorts};
use super::item::{Item, from_item, text_of, to_item};
use super::keys::{self, Key, PK, SK};
use super::read::Read;
use super::table::Store;
use super::write::{NewItem, Write};
use crate::domain::account_deletion::AccountDeletion;
use crate::domain::email::EmailDigest;
use crate::domain::error::{Error, Result};
use crate::domain::ids::UserId;

/// The deletions of the table.
#[derive(Debug, Clone, Copy)]
pub struct Deletions<'a>(&'a Store);

impl Store {
    /// Accounts that are being deleted.
    pub fn deletions(&self) -> Deletions<'_> {
        Deletions(self)
    }
}

impl Deletions<'_> {
    /// The write that remembers an account that is deleted with it, until nothing knows its owner.
    pub fn create<R>(self, deletion: &AccountDeletion) -> Result<Write<R, NewItem>> {
        Ok(Write::put(to_item("deletion", keys::deletion(deletion.user_id), deletion)?))
    }

    /// Every account that is to be erased.
    pub async fn all(self) -> Result<Vec<AccountDeletion>> {
        let items = self.0.partition(&keys::deletions(), Read::Consistent).await?.into_iter();
        // One that can't be read must not keep the others waiting.
        Ok(items
            .filter_map(|item| from_item(item).inspect_err(|error| warn!(?error)).ok())
            .collect())
    }

    /// Forgets an account of which nothing is left.
    pub async fn delete(self, user: UserId) -> Result<()> {
        self.0.delete(Write::<(), _>::delete(keys::deletion(user))).await.map(drop)
    }

    /// Deletes what could not be sent to a person so far. No message is read as a whole: one that
    /// can't be read, anybody's, must not keep people from being erased.
    pub async fn delete_messages(self, deletion: &AccountDeletion) -> Result<()> {
        let is_theirs =
            is("event.email", &deletion.email).or(is("event.user_id", deletion.user_id));
        let is_theirs =
            sorts("created_at", Comparison::AtMost, deletion.requested_at).and(is_theirs);
        for outbox in keys::outboxes().chain([keys::failed_messages()]) {
            self.delete_items(&outbox, Some(&is_theirs)).await?;
        }
        Ok(())
    }

    /// Forgets where an account was used from.
    pub async fn delete_known_ips(self, account: &EmailDigest) -> Result<()> {
        self.delete_items(&keys::known_ips(account), None).await
    }

    async fn delete_items(self, partition: &str, which: Option<&Condition>) -> Result<()> {
        for item in self.0.partition_where(partition, which, Read::Consistent).await? {
            self.0.delete(Write::<(), _>::delete(key_of(&item)?)).await?;
        }
        Ok(())
    }
}

fn key_of(item: &Item) -> Result<Key> {
    let keys = (text_of(item, PK), text_of(item, SK));
    let (Some(pk), Some(sk)) = keys else { return Err(Error::internal("an item has no key")) };
    Ok(Key { pk, sk })
}
