//! Password resets: what a mailed reset token allows.

use serde::{Deserialize, Serialize};
use time::Duration;

use super::ids::UserId;
use super::time::Timestamp;

/// How long a mailed reset token is valid.
pub const RESET_LIFETIME: Duration = Duration::minutes(60);

/// A password reset, stored under the digest of its mailed token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PasswordReset {
    /// The user whose password the token may set.
    pub user_id: UserId,
    /// The version of the password when the token was mailed. Once the password has changed in any
    /// way, the token is no longer valid.
    pub password_version: u32,
    /// When the token expires.
    pub expires_at: Timestamp,
}
