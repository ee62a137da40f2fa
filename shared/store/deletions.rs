//! Deleted accounts whose other data has not been erased yet.

use tracing::warn;

use super::item::{from_item, to_item};
use super::keys;
use super::read::Read;
use super::table::Store;
use super::write::{NewItem, Write};
use crate::domain::account_deletion::AccountDeletion;
use crate::domain::error::Result;
use crate::domain::ids::UserId;

/// Access to the deletions.
#[derive(Debug, Clone, Copy)]
pub struct Deletions<'a>(&'a Store);

impl Store {
    /// Returns access to the deletions.
    pub fn deletions(&self) -> Deletions<'_> {
        Deletions(self)
    }
}

impl Deletions<'_> {
    /// Returns the write that records a deletion, until the user's other data is erased.
    pub fn create<R>(self, deletion: &AccountDeletion) -> Result<Write<R, NewItem>> {
        Ok(Write::put(to_item("deletion", keys::deletion(deletion.user_id), deletion)?))
    }

    /// Returns all deletions. One that can't be read is logged and left out.
    pub async fn all(self) -> Result<Vec<AccountDeletion>> {
        let items = self.0.partition(&keys::deletions(), Read::Consistent).await?.into_iter();
        // One unreadable item must not delay the erasure of the others.
        Ok(items
            .filter_map(|item| from_item(item).inspect_err(|error| warn!(?error)).ok())
            .collect())
    }

    /// Deletes the record of a deletion after everything was erased.
    pub async fn delete(self, user: UserId) -> Result<()> {
        self.0.delete(Write::<(), _>::delete(keys::deletion(user))).await.map(drop)
    }
}
