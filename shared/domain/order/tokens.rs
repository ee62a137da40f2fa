//! The tokens by which the buyer of an order without an account sees and changes it.

use serde::{Deserialize, Serialize};
use time::Duration;

use super::Order;
use crate::domain::time::Timestamp;

/// How long after an order's last change its tokens are valid.
pub const ORDER_TOKEN_LIFETIME: Duration = Duration::days(180);

/// The most tokens in mailed links that an order keeps; a further one replaces the oldest.
const MAX_MAILED: usize = 10;

/// The digests of an order's tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderTokens {
    /// The token in the response to the checkout. It is never replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout: Option<String>,
    /// The tokens in mailed links, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mailed: Vec<String>,
}

impl OrderTokens {
    /// Whether the order was placed without a token.
    pub fn is_empty(&self) -> bool {
        self.checkout.is_none() && self.mailed.is_empty()
    }

    /// Returns the digests of the mailed tokens after this one is added.
    pub fn mailed_with(&self, digest: &str) -> Vec<String> {
        let kept = self.mailed.len().saturating_sub(MAX_MAILED - 1);
        let kept = self.mailed.iter().skip(kept).cloned();
        kept.chain([digest.to_owned()]).collect()
    }
}

impl Order {
    /// Whether the bearer of the token with this digest may act as the order's customer: it is one of
    /// the order's, and the order's last change is at most 180 days ago.
    pub fn admits(&self, token_digest: &str, now: Timestamp) -> bool {
        let OrderTokens { checkout, mailed } = &self.tokens;
        let is_own = checkout.iter().chain(mailed).any(|own| own == token_digest);
        is_own && now < self.summary.updated_at.plus(ORDER_TOKEN_LIFETIME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_eleventh_mailed_token_replaces_the_oldest() {
        let mut tokens = OrderTokens { checkout: Some("checkout".into()), mailed: Vec::new() };
        for number in 0..12 {
            tokens.mailed = tokens.mailed_with(&number.to_string());
        }
        let wanted: Vec<_> = (2..12).map(|number| number.to_string()).collect();
        assert_eq!(tokens.mailed, wanted);
        assert_eq!(tokens.checkout.as_deref(), Some("checkout"));
    }
}
