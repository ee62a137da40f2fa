//! IP addresses that an account is used from.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// An IP address from which somebody has logged in to an account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KnownIp {
    /// When that was last noted.
    pub seen_at: Timestamp,
    /// Until when it counts as known.
    pub expires_at: Timestamp,
}
