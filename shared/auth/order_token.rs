//! Order tokens: whoever brings one acts as the customer of its order.
//!
//! A guest gets one in the response to the checkout, and another one in each mail about the order.
//! Orders store the digests only.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use crate::crypto::digest::digest;
use crate::crypto::random::random;
use crate::domain::error::Result;
use crate::domain::ids::OrderId;

/// Allows its bearer to see and change an order: 32 bytes that nobody can guess.
#[derive(Clone, PartialEq, Eq)]
pub struct OrderToken([u8; 32]);

impl OrderToken {
    /// Creates a random token.
    pub fn new() -> Result<Self> {
        Ok(Self(random()?))
    }

    /// Returns the token of an order that was placed with this cart token. It is always the same, so
    /// that the response to a retry has it again, and only who knows the cart token can compute it.
    pub fn of_cart(cart_token: &str, order: OrderId) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, cart_token.as_bytes());
        let tag = hmac::sign(&key, format!("order token of {order}").as_bytes());
        let mut bytes = [0; 32];
        bytes.copy_from_slice(tag.as_ref());
        Self(bytes)
    }

    /// Encodes the token for a header or a link, in base64url.
    pub fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Decodes a token that a client sends; `None` if the text is not one.
    pub fn read(text: &str) -> Option<Self> {
        Some(Self(URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?))
    }

    /// The digest, which the order stores instead of the token.
    pub fn digest(&self) -> String {
        digest([b"order".as_slice(), &self.0])
    }
}

impl std::fmt::Debug for OrderToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OrderToken")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    #[test]
    fn a_token_reads_back_as_itself() {
        let token = OrderToken::new().unwrap();
        assert_eq!(OrderToken::read(&token.write()), Some(token));
        for text in ["", "no token", "AAAA", &"A".repeat(44)] {
            assert_eq!(OrderToken::read(text), None, "{text:?}");
        }
    }

    #[test]
    fn the_token_follows_from_cart_token_and_order() {
        let now = Timestamp::from_unix_millis(1_767_225_600_000);
        let (order, other) = (OrderId::new(now), OrderId::new(now));
        let token = OrderToken::of_cart("cart", order);
        assert_eq!(OrderToken::of_cart("cart", order), token);
        assert_ne!(OrderToken::of_cart("cart", other), token);
        assert_ne!(OrderToken::of_cart("another", order), token);
    }
}
