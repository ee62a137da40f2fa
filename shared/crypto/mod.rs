//! Digests, random bytes, authenticated encryption, and the cursors of lists.

pub mod cursor;
pub mod digest;
pub mod random;
pub mod seal;
