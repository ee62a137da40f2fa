//! Requests that must not be carried out twice.

/// A request that must not be carried out twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// A digest of the caller and the key.
    pub identity: String,
    /// A digest of method, path and canonical body: what the key was used for.
    pub fingerprint: String,
}
