//! Versions that a caller may insist on.

use super::error::{Error, Result};

/// Which version of a resource a change is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Whatever it is now.
    Any,
    /// This one.
    Version(u64),
}

impl Expected {
    /// Refuses a change that is meant for another version than the current one.
    pub fn check(self, current: u64) -> Result<()> {
        match self {
            Self::Version(version) if version != current => Err(Error::VersionMismatch),
            _ => Ok(()),
        }
    }
}
