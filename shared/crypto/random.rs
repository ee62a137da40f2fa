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
