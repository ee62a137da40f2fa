//! Network addresses that an account is used from.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// An address from which an account has been opened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KnownIp {
    /// When it was last written down.
    pub seen_at: Timestamp,
    /// Until when it is known.
    pub expires_at: Timestamp,
}
