//! Requests that must not be carried out twice, and what they came to.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};

/// A request that must not be carried out twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// A digest of the caller and the key.
    pub identity: String,
    /// A digest of method, path and canonical body: what the key was used for.
    pub fingerprint: String,
}

/// What a request came to: enough to answer the same again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// The identifier of the resource that it made or changed.
    pub resource: String,
    /// The status of its answer.
    pub status: u16,
}

impl Idempotency {
    /// 422 `idempotency_key_reused` where the key was used for a request of another fingerprint.
    pub fn check(&self, fingerprint: &str) -> Result<()> {
        if self.fingerprint == fingerprint {
            return Ok(());
        }
        let detail = "This key was used for another request; send a new one with a new key.";
        Err(Error::invalid("Idempotency-Key", "idempotency_key_reused", detail))
    }
}

impl Remembered {
    /// The resource's identifier.
    pub fn id<T: FromStr>(&self) -> Result<T> {
        let id = self.resource.parse();
        id.map_err(|_| Error::internal("a marker remembers a resource of another kind"))
    }
}
