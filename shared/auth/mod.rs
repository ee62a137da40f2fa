//! Who is calling: passwords, access tokens, sessions.

pub mod caller;
pub mod ed25519;
pub mod issuer;
pub mod limiter;
pub mod mailed_token;
pub mod password;
pub mod private_key;
pub mod rotation;
pub mod session;
pub mod token;
