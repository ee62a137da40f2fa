//! Idempotency keys: requests that are carried out once, and their remembered results.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use super::problem_code::ProblemCode;

/// The idempotency key of a request: a retry with the same key is not carried out again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Digests of the key with each of those that the request comes from: the user, the guest's cart,
    /// or both. The result is remembered under all of them, and found under any.
    pub identities: Vec<String>,
    /// A digest of the request's method, path and canonical body.
    pub fingerprint: String,
}

/// The remembered result of a request: what is needed to send an equal response to a retry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredResult {
    /// The identifier of the resource that the request created or changed.
    pub resource: String,
    /// The status code of the response.
    pub status: u16,
}

impl Idempotency {
    /// Compares the request with the `fingerprint` of the earlier request that used the key; 422
    /// `idempotency_key_reused` if they differ.
    pub fn check(&self, fingerprint: &str) -> Result<()> {
        if self.fingerprint == fingerprint {
            return Ok(());
        }
        let detail = "This key was used for another request; send a new one with a new key.";
        Err(Error::invalid("Idempotency-Key", ProblemCode::IdempotencyKeyReused, detail))
    }
}

impl StoredResult {
    /// Parses the resource's identifier; an internal error if it is not of type `T`.
    pub fn id<T: FromStr>(&self) -> Result<T> {
        let id = self.resource.parse();
        id.map_err(|_| Error::internal("an idempotency marker holds an identifier of another type"))
    }
}
