//! Reads and signs tokens without the shop's own code, to test forged ones.

use aws_smithy_types::base64;
use ring::signature::Ed25519KeyPair;
use serde_json::Value;
use shared::auth::private_key::PrivateKey;

/// Encodes bytes as base64url without padding.
pub fn base64url(bytes: &[u8]) -> String {
    let text = base64::encode(bytes).replace('+', "-").replace('/', "_");
    text.trim_end_matches('=').to_owned()
}

/// Decodes base64url without padding.
pub fn from_base64url(text: &str) -> Vec<u8> {
    let padding = "=".repeat((4 - text.len() % 4) % 4);
    let text = text.replace('-', "+").replace('_', "/") + &padding;
    base64::decode(text).expect("base64url")
}

/// Returns a token's header and claims.
pub fn read(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| serde_json::from_slice(&from_base64url(part)));
    let mut part = || parts.next().expect("a part").expect("JSON");
    (part(), part())
}

/// Returns the part of a token that is signed.
pub fn message(header: &Value, claims: &Value) -> String {
    let part = |part: &Value| base64url(part.to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}

/// Signs a token with this key, whatever its header and claims are.
pub fn sign(key: &PrivateKey, header: &Value, claims: &Value) -> String {
    let message = message(header, claims);
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&key.pkcs8).expect("a key");
    let signature = base64url(pair.sign(message.as_bytes()).as_ref());
    format!("{message}.{signature}")
}
