//! Deleted accounts whose data is still to be erased from other items.

use serde::{Deserialize, Serialize};
use time::Duration;

use super::email::Email;
use super::ids::UserId;
use super::time::Timestamp;

/// How long after the deletion of an account to wait before erasing its data: longer than any
/// request that had begun before the deletion can run.
pub const ERASURE_DELAY: Duration = Duration::minutes(1);

/// A deleted account whose data the background job still has to erase from other items.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountDeletion {
    /// The deleted user.
    pub user_id: UserId,
    /// The account's e-mail address: items that are stored under it are erased, too. Only this item
    /// still holds it, since the profile is deleted.
    pub email: Email,
    /// When the account was deleted.
    pub requested_at: Timestamp,
}

impl AccountDeletion {
    /// Whether the erasure may begin: every request that could still write the user's data has
    /// ended.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.requested_at.plus(ERASURE_DELAY) <= now
    }
}
