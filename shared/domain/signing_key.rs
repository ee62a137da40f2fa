//! The public halves of the keys that sign access tokens.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// The Ed25519 public key, base64url without padding: a JWK's `x`.
    pub x: String,
    /// When it was published.
    pub published_at: Timestamp,
    /// Until when it is believed; for ever, where no other has taken its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub believed_until: Option<Timestamp>,
}

impl PublicKey {
    /// A key that signs from now on.
    pub fn new(x: &str, now: Timestamp) -> Self {
        Self { x: x.to_owned(), published_at: now, believed_until: None }
    }

    /// Whether a token of this key may be good.
    pub fn is_believed(&self, now: Timestamp) -> bool {
        self.believed_until.is_none_or(|until| until > now)
    }
}

/// The key that is to sign next.
#[derive(Debug)]
pub struct Successor {
    /// What tokens will name it by.
    pub kid: String,
    /// Until when nobody else may change the keys.
    pub turn_ends: Timestamp,
}

/// Public keys by their `kid`.
pub type PublicKeys = BTreeMap<String, PublicKey>;
