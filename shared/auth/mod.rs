//! Password hashing, the tokens that clients hold, and the keys that sign access tokens.

pub mod cart_token;
pub mod ed25519;
pub mod issuer;
pub mod mailed_token;
pub mod order_token;
pub mod password;
pub mod private_key;
pub mod refresh_token;
pub mod token;
