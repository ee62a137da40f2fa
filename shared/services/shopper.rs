//! Whose cart a request is about, and the merge of a guest's cart after the login.

use std::time::Duration;

use futures_util::future::try_join;

use crate::auth::cart_token::CartToken;
use crate::context::Ctx;
use crate::domain::cart_key::CartKey;
use crate::domain::error::{Error, Result};
use crate::domain::ids::{MessageId, UserId};
use crate::store::ChangedMeanwhile;
use crate::store::Read;
use crate::store::retry::Attempts;
use crate::store::transaction::{Outcome, Transaction};

/// How long a login waits for the merge of a cart.
const MERGE_AT_LOGIN: Duration = Duration::from_millis(500);

/// Whoever sends a request about a cart: a customer, a guest with a cart token, both, or neither.
#[derive(Debug, Clone)]
pub struct Shopper {
    /// The customer.
    pub user: Option<UserId>,
    /// The token of a guest's cart.
    pub token: Option<CartToken>,
}

/// The cart of a shopper.
#[derive(Debug)]
pub struct ShoppersCart {
    /// Its key; `None` for a guest without a token.
    pub key: Option<CartKey>,
    /// How it has to be read: consistently if it was written a moment ago.
    pub read: Read,
}

impl Shopper {
    /// Returns the shopper's cart. If a customer brings the token of a guest's cart, that one is
    /// merged into the customer's first.
    pub async fn cart(&self, ctx: &Ctx) -> Result<ShoppersCart> {
        match (self.user, &self.token) {
            (Some(user), Some(token)) => {
                let is_merged = merge(ctx, user, &token.key()).await?;
                let read = if is_merged { Read::Consistent } else { Read::Eventual };
                Ok(ShoppersCart { key: Some(CartKey::Customer(user)), read })
            }
            (Some(user), None) => {
                Ok(ShoppersCart { key: Some(CartKey::Customer(user)), read: Read::Eventual })
            }
            (None, token) => {
                let key = token.as_ref().map(CartToken::key);
                Ok(ShoppersCart { key, read: Read::Eventual })
            }
        }
    }
}

/// Merges a guest's cart into that of the customer who has just logged in. A merge that fails or
/// takes too long is left to the next request about the cart, which brings the token too.
pub async fn merge_at_login(ctx: &Ctx, user: UserId, token: &CartToken) {
    let guest = token.key();
    match tokio::time::timeout(MERGE_AT_LOGIN, merge(ctx, user, &guest)).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::warn!(?error, "a cart was not merged at the login"),
        Err(_) => tracing::warn!("a cart was not merged in time at the login"),
    }
}

/// Merges a guest's cart into a customer's, in one transaction on both versions; returns whether
/// anything was moved, or may have been. A guest's cart of which nothing is left ends.
async fn merge(ctx: &Ctx, user: UserId, guest_key: &CartKey) -> Result<bool> {
    let (carts, own_key) = (ctx.store.carts(), CartKey::Customer(user));
    let mut attempts = Attempts::new("carts change faster than they can be merged");
    let mut may_have_moved = false;
    loop {
        let now = ctx.now();
        let guest = carts.get(guest_key, Read::Consistent, now).await?;
        if guest.lines.is_empty() {
            return Ok(may_have_moved);
        }
        let wanted = guest.lines.iter().map(|line| (line.product_id, &line.sku));
        // Consistent, because units that seem not to be available are dropped.
        let variants = ctx.store.products().variants(wanted, Read::Consistent);
        let own = carts.get(&own_key, Read::Consistent, now);
        let (own, variants) = try_join(own, variants).await?;
        let (mut merged, mut rest) = (own.clone(), guest.clone());
        merged.merge(&mut rest, &variants);
        if merged.lines == own.lines && rest.lines == guest.lines {
            return Ok(may_have_moved);
        }
        let write = MessageId::new(now);
        let own = merged.written(&own_key, write, now);
        let rest = match rest.lines.is_empty() {
            true => rest.written(guest_key, write, now).ended(now),
            false => rest.written(guest_key, write, now),
        };
        let transaction: Transaction<ChangedMeanwhile> = Transaction::with_new_token(now)
            .with(carts.replace_with_another(&own_key, &own, now))
            .with(carts.replace_with_another(guest_key, &rest, now));
        match ctx.store.transact(transaction).await {
            Ok(Outcome::Committed) => return Ok(true),
            Ok(Outcome::Refused(_)) => {}
            // The carts show whether it was carried out.
            Err(Error::OutcomeUnknown) => may_have_moved = true,
            Err(error) => return Err(error),
        }
        attempts.pause().await?;
    }
}
