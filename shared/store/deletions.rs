//! Accounts that are gone, until nothing in the table knows their owners.

use tracing::warn;

use super::item::{from_item, to_item};
use super::keys;
use super::read::Read;
use super::table::Store;
use super::write::{NewItem, Write};
use crate::domain::account_deletion::AccountDeletion;
use crate::domain::error::Result;
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
}
