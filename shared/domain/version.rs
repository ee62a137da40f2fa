//! Optimistic concurrency: the versions of a resource that `If-Match` allows.

use super::error::{Error, Result};

/// The versions of a resource that a change may be applied to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedVersion {
    /// Any version, also a resource that is not stored yet: the request has no `If-Match`.
    Any,
    /// Any version of a stored resource: `If-Match: *`.
    Stored,
    /// One of these versions. Empty if `If-Match` names only tags that the shop never issued; then
    /// no version matches.
    OneOf(Vec<u64>),
}

impl ExpectedVersion {
    /// Returns the versions for a change that has to name one; 428 `version_required` if the request
    /// has no `If-Match`.
    pub fn required(self) -> Result<Self> {
        match self {
            Self::Any => Err(Error::VersionRequired),
            named => Ok(named),
        }
    }

    /// Like [`ExpectedVersion::check`], for a resource that may not be stored yet: its version is 0 then,
    /// and `Stored` fails.
    pub fn check_stored(&self, current: u64) -> Result<()> {
        match self {
            Self::Stored if current == 0 => Err(Error::VersionMismatch),
            expected => expected.check(current),
        }
    }

    /// Checks that the current version is an expected one; 412 if not.
    pub fn check(&self, current: u64) -> Result<()> {
        match self {
            Self::OneOf(versions) if !versions.contains(&current) => Err(Error::VersionMismatch),
            _ => Ok(()),
        }
    }
}
