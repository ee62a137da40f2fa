//! Deletes the items of a partition that hold a user's data.

use super::expression::Condition;
use super::item::text_of;
use super::keys::{Key, SK};
use super::read::Read;
use super::table::Store;
use super::write::Write;
use crate::domain::error::{Error, Result};

impl Store {
    /// Deletes every item of a partition, or those that meet a condition. Only the items' keys are
    /// used, so that an unreadable item can't stop the erasure.
    pub(super) async fn delete_partition(
        &self,
        partition: &str,
        which: Option<&Condition>,
    ) -> Result<()> {
        for item in self.partition_where(partition, which, Read::Consistent).await? {
            let sk = text_of(&item, SK).ok_or_else(|| Error::internal("an item has no key"))?;
            let key = Key { pk: partition.to_owned(), sk };
            self.delete(Write::<(), _>::delete(key)).await?;
        }
        Ok(())
    }
}
