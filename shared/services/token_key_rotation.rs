//! Replaces the key that signs access tokens, without logging users out.
//!
//! The public key is published first, so that every function knows it before a token names it. Then
//! the private key replaces the old one in the parameter store, where the functions that issue
//! tokens read it within five minutes. The old public key is accepted until the last token that the
//! old key can have signed has expired. A rotation that stops between two steps does no harm: a
//! published key that never signs and an old key that is accepted for longer are both safe.

use serde::Serialize;
use time::Duration;

use crate::auth::issuer;
use crate::auth::private_key::PrivateKey;
use crate::auth::token::{KEY_CACHE_LIFETIME, KEY_READ_INTERVAL};
use crate::context::Ctx;
use crate::domain::error::{Conflict, Error, Result};
use crate::domain::problem_code::ProblemCode;
use crate::domain::signing_key::{PublicKey, Successor};
use crate::domain::time::Timestamp;
use crate::store::Read;

/// How long an old key is accepted. A function signs with it for up to five minutes, or longer if
/// it can't read the new one, and a token is valid for 15 minutes.
pub const RETIREMENT: Duration = Duration::hours(1);

/// How long no other rotation may begin: longer than the function's timeout, so that a stopped
/// rotation is no longer running by then.
const TURN: Duration = Duration::minutes(2);

/// The keys after a rotation.
#[derive(Debug, Serialize)]
pub struct Rotated {
    /// Identifier of the key that signs new tokens.
    pub kid: String,
    /// The other keys, and until when they are accepted.
    pub older: Vec<OlderKey>,
}

/// A key that no longer signs.
#[derive(Debug, Serialize)]
pub struct OlderKey {
    /// Key identifier, the `kid` of its tokens.
    pub kid: String,
    /// When its tokens are rejected; `None` if it has no end yet.
    pub believed_until: Option<Timestamp>,
}

/// Replaces the key. `revoke` is for a key that has leaked: tokens that older keys signed are
/// rejected after five minutes, when every function has read the new state and none signs with an
/// old key any more. Refresh tokens stay valid. 409 `rotation_under_way` if another rotation is
/// running.
pub async fn rotate(ctx: &Ctx, revoke: bool) -> Result<Rotated> {
    let rotation = Rotation::begin(ctx).await?;
    // A function that read the keys just before this one was published reads them again by then.
    tokio::time::sleep(KEY_READ_INTERVAL.unsigned_abs()).await;
    rotation.hand_over(ctx).await?;
    rotation.finish(ctx, revoke).await
}

/// A rotation, step by step.
#[derive(Debug)]
pub struct Rotation {
    key: PrivateKey,
    successor: Successor,
}

impl Rotation {
    /// Creates a key and publishes its public half. 409 `rotation_under_way` if another rotation is
    /// running: of two concurrent rotations, each would retire the other's new key.
    pub async fn begin(ctx: &Ctx) -> Result<Self> {
        let (key, now) = (PrivateKey::generate()?, ctx.now());
        let successor = Successor { kid: key.kid.clone(), turn_ends: now.plus(TURN) };
        let public = PublicKey::new(&key.x, now);
        match ctx.store.signing_keys().publish_successor(&successor, &public).await? {
            true => Ok(Self { key, successor }),
            false => Err(Conflict::new(
                ProblemCode::RotationUnderWay,
                "Another rotation is running or was stopped. Try again in two minutes.",
            )
            .into()),
        }
    }

    /// Stores the private key where the functions that issue tokens read it.
    pub async fn hand_over(&self, ctx: &Ctx) -> Result<()> {
        let parameter = issuer::parameter(&ctx.config)?;
        self.key.put(&ctx.config.aws, parameter, ctx.now()).await
    }

    /// Sets until when the older keys are accepted. 503 if that could not be written.
    pub async fn finish(self, ctx: &Ctx, revoke: bool) -> Result<Rotated> {
        let (successor, now) = (self.successor, ctx.now());
        let until = now.plus(if revoke { KEY_CACHE_LIFETIME } else { RETIREMENT });
        let keys = ctx.store.signing_keys();
        if !keys.retire_others(&successor, until, revoke, now).await? {
            return Err(Error::unavailable("the older keys may be accepted without a time limit"));
        }
        let kid = successor.kid;
        let older = keys.get(Read::Consistent).await?.into_iter();
        let older = older.filter(|(other, _)| *other != kid);
        let older = older.map(|(kid, key)| OlderKey { kid, believed_until: key.believed_until });
        Ok(Rotated { older: older.collect(), kid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::token::ACCESS_LIFETIME;

    #[test]
    fn a_key_is_accepted_for_longer_than_its_tokens_are_valid() {
        assert!(KEY_CACHE_LIFETIME + ACCESS_LIFETIME + Duration::minutes(30) <= RETIREMENT);
    }
}
