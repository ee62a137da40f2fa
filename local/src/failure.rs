//! What went wrong, as one line that a developer can act on.

use std::fmt::{self, Display};

/// One line: what went wrong, and where possible the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(String);

/// The result of whatever the local cloud does.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure that reads `line`.
    pub fn new(line: impl Into<String>) -> Self {
        Self(line.into())
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

/// Says what was being done when an error came.
pub trait Explain<T> {
    /// Puts `doing` before the error's own words: `doing: error`.
    fn explain<D: Display>(self, doing: impl FnOnce() -> D) -> Result<T>;
}

impl<T, E: Display> Explain<T> for std::result::Result<T, E> {
    fn explain<D: Display>(self, doing: impl FnOnce() -> D) -> Result<T> {
        self.map_err(|error| Failure::new(format!("{}: {error}", doing())))
    }
}
