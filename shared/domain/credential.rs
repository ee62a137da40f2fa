//! Login credentials.

use serde::{Deserialize, Serialize};

use super::ids::UserId;

/// The credential stored under an e-mail address: the account that it belongs to, and the hash of
/// the account's password.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Credential {
    /// The account's user.
    pub user_id: UserId,
    /// The Argon2id hash of the password, as a PHC string.
    pub password_hash: String,
    /// The number of times that the password has been changed.
    #[serde(default)]
    pub password_version: u32,
}
