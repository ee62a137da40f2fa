//! The error type of the local cloud: one line of text for the developer.

use std::fmt::{self, Display};

/// An error as one line of text: what failed, and where possible what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(String);

/// A result whose error is a [`Failure`].
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// Creates a failure with the text `line`.
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

/// Adds to an error what the program was doing.
pub trait Explain<T> {
    /// Converts an error to a [`Failure`] with the text `doing: error`.
    fn explain<D: Display>(self, doing: impl FnOnce() -> D) -> Result<T>;
}

impl<T, E: Display> Explain<T> for std::result::Result<T, E> {
    fn explain<D: Display>(self, doing: impl FnOnce() -> D) -> Result<T> {
        self.map_err(|error| Failure::new(format!("{}: {error}", doing())))
    }
}
