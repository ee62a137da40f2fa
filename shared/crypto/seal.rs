//! Sealing: a message that only the holder of a secret can open (AES-256-GCM).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::domain::error::{Error, Result};

/// Seals a message under a key derived from a secret for one purpose; base64url. A secret seals
/// only one message for a purpose: the nonce is fixed.
pub fn seal(purpose: &str, secret: &[u8], message: &[u8]) -> Result<String> {
    let mut bytes = message.to_vec();
    key(purpose, secret)?
        .seal_in_place_append_tag(nonce(), Aad::empty(), &mut bytes)
        .map_err(|_| Error::internal(format!("can't seal {purpose}")))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Opens what [`seal`] sealed; `None` under another secret or for another purpose.
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
    key.map(LessSafeKey::new).map_err(|_| Error::internal(format!("no key for {purpose}")))
}

/// Every key seals one message in its life, so one nonce is enough.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}
