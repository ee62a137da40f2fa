//! Digests, randomness, and sealing.

pub mod digest;
pub mod random;
pub mod seal;
