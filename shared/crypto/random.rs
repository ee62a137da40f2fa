//! Random bytes and numbers from the operating system.

use ring::rand::SecureRandom;

use crate::domain::error::{Error, Result};

/// Returns `N` cryptographically secure random bytes; an internal error (500) if the operating
/// system provides none.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    let filled = ring::rand::SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| Error::internal("the operating system provides no random bytes"))?;
    Ok(bytes)
}

/// Returns a random number below `end`, or `end / 2` if the operating system provides no random
/// bytes. For the pauses between retries only, since the result may be predictable.
pub fn below(end: u64) -> u64 {
    random().map_or(end / 2, |bytes| u64::from_le_bytes(bytes) % end.max(1))
}
