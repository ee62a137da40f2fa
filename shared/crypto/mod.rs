//! Digests, random bytes, and authenticated encryption.

pub mod digest;
pub mod random;
pub mod seal;
