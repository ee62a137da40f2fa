//! The job `rotate-token-key`: replaces the key that signs access tokens by a new one.
//!
//! An operator starts it. No user is logged out: tokens that the old key signed stay valid until
//! they expire. `{"revoke": true}` is for a key that has leaked: tokens that it signed are rejected
//! within five minutes, and clients get new ones with their refresh tokens.

use serde::Deserialize;
use shared::services::token_key_rotation::{self, Rotated};
use shared::{Ctx, Result};

/// What starts the job. Unknown members are rejected, so that a misspelt `revoke` is not ignored.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    #[serde(default)]
    revoke: bool,
}

pub async fn handle(ctx: &Ctx, order: Order) -> Result<Rotated> {
    token_key_rotation::rotate(ctx, order.revoke).await
}
