//! Forgotten passwords.

use serde::{Deserialize, Serialize};
use time::Duration;

use super::ids::UserId;
use super::time::Timestamp;

/// For how long a mailed token works.
pub const RESET_LIFETIME: Duration = Duration::minutes(60);

/// What a mailed token allows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PasswordReset {
    /// Whose password may be set.
    pub user_id: UserId,
    /// The password that was forgotten: once it has been changed, by whatever way, no token that
    /// was mailed before does anything.
    pub password_version: u32,
    /// When the token stops working.
    pub expires_at: Timestamp,
}
