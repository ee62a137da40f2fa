//! Accounts that are gone, and of which other items still know.

use serde::{Deserialize, Serialize};
use time::Duration;

use super::email::Email;
use super::ids::UserId;
use super::time::Timestamp;

/// After this time every request has ended that came in before an account was deleted.
pub const REQUESTS_END: Duration = Duration::minutes(1);

/// An account that is gone, but of which other items still know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccountDeletion {
    /// Whose it was.
    pub user_id: UserId,
    /// Its address: what else lies under it goes too. This item is the last to know it.
    pub email: Email,
    /// When its owner deleted it.
    pub requested_at: Timestamp,
}

impl AccountDeletion {
    /// Whether nothing that was under way writes of the person any more.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.requested_at.plus(REQUESTS_END) <= now
    }
}
