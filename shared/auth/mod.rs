//! Who is calling: passwords, access tokens, sessions.

pub mod caller;
pub mod digest;
pub mod ed25519;
pub mod issuer;
pub mod password;
pub mod private_key;
pub mod session;
pub mod token;
