//! Accounts that are gone, and of which other items still know.

use serde::{Deserialize, Serialize};

use super::email::Email;
use super::ids::UserId;
use super::time::Timestamp;

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
