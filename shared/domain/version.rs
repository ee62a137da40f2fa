//! Versions that a caller may insist on.

use super::error::{Error, Result};

/// Which version of a resource a change is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Whatever it is now, and whether it is stored or not.
    Any,
    /// Whatever it is now, but it must be stored.
    Stored,
    /// This one.
    Version(u64),
}

impl Expected {
    /// The same for a resource that may not be stored yet: its version is 0 then.
    pub fn check_stored(self, current: u64) -> Result<()> {
        match self {
            Self::Stored if current == 0 => Err(Error::VersionMismatch),
            expected => expected.check(current),
        }
    }

    /// Refuses a change that is meant for another version than the current one.
    pub fn check(self, current: u64) -> Result<()> {
        match self {
            Self::Version(version) if version != current => Err(Error::VersionMismatch),
            _ => Ok(()),
        }
    }
}
