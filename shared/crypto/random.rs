//! Randomness.

use ring::rand::SecureRandom;

use crate::domain::error::{Error, Result};

/// Unpredictable bytes.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    let filled = ring::rand::SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| Error::internal("the system gives no randomness"))?;
    Ok(bytes)
}

/// A number below this one; in the middle where the system gives no randomness. For pauses, where
/// any number will do.
pub fn below(end: u64) -> u64 {
    random().map_or(end / 2, |bytes| u64::from_le_bytes(bytes) % end.max(1))
}
