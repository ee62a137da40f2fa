//! Versions that a caller may insist on.

use super::error::{Error, Result};

/// Which version of a resource a change is meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Whatever it is now, and whether it is stored or not.
    Any,
    /// Whatever it is now, but it must be stored.
    Stored,
    /// One of these; of tags that are not ours there is none.
    OneOf(Vec<u64>),
}

impl Expected {
    /// The same for a resource that may not be stored yet: its version is 0 then.
    pub fn check_stored(&self, current: u64) -> Result<()> {
        match self {
            Self::Stored if current == 0 => Err(Error::VersionMismatch),
            expected => expected.check(current),
        }
    }

    /// Refuses a change that is meant for another version than the current one.
    pub fn check(&self, current: u64) -> Result<()> {
        match self {
            Self::OneOf(versions) if !versions.contains(&current) => Err(Error::VersionMismatch),
            _ => Ok(()),
        }
    }
}
