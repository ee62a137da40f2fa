//! What opens an account.

use serde::{Deserialize, Serialize};

use super::ids::UserId;

/// Which account an address and its password open.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Credential {
    /// The account.
    pub user_id: UserId,
    /// The password, as a PHC string.
    pub password_hash: String,
    /// How often the password has been changed.
    #[serde(default)]
    pub password_version: u32,
}
