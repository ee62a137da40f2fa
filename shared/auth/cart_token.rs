//! Cart tokens: whoever brings one has the guest's cart that it belongs to.
//!
//! A guest gets one in the response that creates the cart. Carts are stored under the digests only.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::crypto::digest::digest;
use crate::crypto::random::random;
use crate::domain::cart_key::CartKey;
use crate::domain::error::Result;

/// The secret of a guest's cart: 32 random bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct CartToken([u8; 32]);

impl CartToken {
    /// Creates a random token.
    pub fn new() -> Result<Self> {
        Ok(Self(random()?))
    }

    /// Encodes the token for a header, in base64url.
    pub fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Decodes a token that a client sends; `None` if the text is not one.
    pub fn read(text: &str) -> Option<Self> {
        Some(Self(URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?))
    }

    /// The digest, under which the cart is stored.
    pub fn digest(&self) -> String {
        digest([b"cart".as_slice(), &self.0])
    }

    /// The key of the cart.
    pub fn key(&self) -> CartKey {
        CartKey::Guest(self.digest())
    }
}

impl fmt::Debug for CartToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CartToken")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_as_itself() {
        let token = CartToken::new().unwrap();
        assert_eq!(CartToken::read(&token.write()), Some(token));
        for text in ["", "no token", "AAAA", &"A".repeat(44)] {
            assert_eq!(CartToken::read(text), None, "{text:?}");
        }
    }
}
