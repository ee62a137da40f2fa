//! The public keys of the key pairs that sign access tokens.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// A published public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// The Ed25519 public key in base64url without padding, as in a JWK's member `x`.
    pub x: String,
    /// When it was published.
    pub published_at: Timestamp,
    /// When tokens that it signed stop being accepted; `None` if no other key has replaced it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub believed_until: Option<Timestamp>,
}

impl PublicKey {
    /// Creates a key that is published now and accepted without a limit.
    pub fn new(x: &str, now: Timestamp) -> Self {
        Self { x: x.to_owned(), published_at: now, believed_until: None }
    }

    /// Whether tokens that it signed are accepted.
    pub fn is_accepted(&self, now: Timestamp) -> bool {
        self.believed_until.is_none_or(|until| until > now)
    }
}

/// The new key of a key rotation.
#[derive(Debug)]
pub struct Successor {
    /// The key's identifier, which tokens name in their header.
    pub kid: String,
    /// Until when no other rotation may begin: the end of this rotation's lock.
    pub turn_ends: Timestamp,
}

/// Public keys by key identifier (`kid`).
pub type PublicKeys = BTreeMap<String, PublicKey>;
