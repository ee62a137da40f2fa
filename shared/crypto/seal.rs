//! Authenticated encryption (AES-256-GCM): only the holder of a secret can read a message.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::domain::error::{Error, Result};

/// Encrypts a message with a key derived from `secret` and `purpose`; returns base64url without
/// padding. The nonce is fixed, so a secret must encrypt at most one message for each purpose.
pub fn seal(purpose: &str, secret: &[u8], message: &[u8]) -> Result<String> {
    let mut bytes = message.to_vec();
    key(purpose, secret)?
        .seal_in_place_append_tag(nonce(), Aad::empty(), &mut bytes)
        .map_err(|_| Error::internal(format!("can't encrypt {purpose}")))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Decrypts a message that [`seal`] encrypted; `None` if the secret or the purpose is a different
/// one, or if the text was altered.
pub fn open(purpose: &str, secret: &[u8], sealed: &str) -> Option<Vec<u8>> {
    let mut bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let message = key(purpose, secret).ok()?.open_in_place(nonce(), Aad::empty(), &mut bytes);
    message.ok().map(|message| message.to_vec())
}

fn key(purpose: &str, secret: &[u8]) -> Result<LessSafeKey> {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    context.update(purpose.as_bytes());
    context.update(secret);
    let key = UnboundKey::new(&AES_256_GCM, context.finish().as_ref());
    key.map(LessSafeKey::new)
        .map_err(|_| Error::internal(format!("can't derive a key for {purpose}")))
}

/// The fixed nonce. It is safe because each key encrypts only one message.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}
