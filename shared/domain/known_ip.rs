//! Known IP addresses of an account.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// An IP address from which a user has logged in to an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KnownIp {
    /// When a login from it was last recorded.
    pub seen_at: Timestamp,
    /// Until when it counts as known.
    pub expires_at: Timestamp,
}
