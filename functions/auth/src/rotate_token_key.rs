//! The job `rotate-token-key`: gives the shop a new key to sign access tokens with.
//!
//! An operator runs it, and types no secret. Nobody is logged out: tokens of the old key work until
//! they expire. `{"revoke": true}` is for a key that has leaked: what it signed is refused within
//! five minutes, and people's refresh tokens get them new ones.

use serde::Deserialize;
use shared::services::token_key_rotation::{self, Rotated};
use shared::{Ctx, Result};

/// Strict, for a misspelt `revoke` must not pass for none.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    #[serde(default)]
    revoke: bool,
}

pub async fn handle(ctx: &Ctx, order: Order) -> Result<Rotated> {
    token_key_rotation::rotate(ctx, order.revoke).await
}
