//! A new key to sign access tokens with, and nobody is logged out.
//!
//! The public half is published first, so that every function knows it before a token names it;
//! then the private half takes the place of the old one, and the functions that issue tokens find
//! it there within five minutes; the old public half is believed until the last token that the old
//! key can have signed has died. Whatever ends the work in between leaves a shop that works:
//! a key that is published and never signs does no harm, nor one that is believed for longer.

use serde::Serialize;
use time::Duration;

use crate::auth::issuer;
use crate::auth::private_key::PrivateKey;
use crate::auth::token::{KEY_CACHE_LIFETIME, KEY_READ_INTERVAL};
use crate::context::Ctx;
use crate::domain::error::{Conflict, Error, Result};
use crate::domain::signing_key::{PublicKey, Successor};
use crate::domain::time::Timestamp;
use crate::store::Read;

/// How long an old key is believed. The last function signs with it for five minutes, unless it
/// can't read the new one, and what it signed lives for fifteen more.
pub const RETIREMENT: Duration = Duration::hours(1);

/// How long nobody else may begin: longer than a function may run, so that one that was stopped is
/// not at work any more.
const TURN: Duration = Duration::minutes(2);

/// How the keys are now.
#[derive(Debug, Serialize)]
pub struct Rotated {
    /// The key that signs from now on.
    pub kid: String,
    /// The others, and until when they are believed.
    pub older: Vec<OlderKey>,
}

/// A key that signs no more.
#[derive(Debug, Serialize)]
pub struct OlderKey {
    /// What tokens name it by.
    pub kid: String,
    /// When the last of its tokens is refused.
    pub believed_until: Option<Timestamp>,
}

/// Gives the shop a new key. `revoke` is for one that has leaked: whatever older keys signed is
/// refused in five minutes, when every function has seen it and the last one has ceased to sign
/// with them. Refresh tokens go on working.
pub async fn rotate(ctx: &Ctx, revoke: bool) -> Result<Rotated> {
    let rotation = Rotation::begin(ctx).await?;
    // Who looked for an unknown key just before this one was published looks again by then.
    tokio::time::sleep(KEY_READ_INTERVAL.unsigned_abs()).await;
    rotation.hand_over(ctx).await?;
    rotation.finish(ctx, revoke).await
}

/// A change of keys, step by step.
#[derive(Debug)]
pub struct Rotation {
    key: PrivateKey,
    successor: Successor,
}

impl Rotation {
    /// Makes a key and publishes it. One rotation at a time: of two keys that are handed over
    /// together, each would take the other one for the older.
    pub async fn begin(ctx: &Ctx) -> Result<Self> {
        let (key, now) = (PrivateKey::generate()?, ctx.now());
        let successor = Successor { kid: key.kid.clone(), turn_ends: now.plus(TURN) };
        let public = PublicKey::new(&key.x, now);
        match ctx.store.signing_keys().publish_successor(&successor, &public).await? {
            true => Ok(Self { key, successor }),
            false => Err(Conflict::new(
                "rotation_under_way",
                "Another rotation is under way, or was stopped: try again in two minutes.",
            )
            .into()),
        }
    }

    /// Puts the private half where functions that issue tokens read it.
    pub async fn hand_over(&self, ctx: &Ctx) -> Result<()> {
        let parameter = issuer::parameter(&ctx.config)?;
        self.key.put(&ctx.config.aws, parameter, ctx.now()).await
    }

    /// Limits the time of the older keys.
    pub async fn finish(self, ctx: &Ctx, revoke: bool) -> Result<Rotated> {
        let (successor, now) = (self.successor, ctx.now());
        let until = now.plus(if revoke { KEY_CACHE_LIFETIME } else { RETIREMENT });
        let keys = ctx.store.signing_keys();
        if !keys.retire_others(&successor, until, revoke, now).await? {
            return Err(Error::unavailable("the older keys may be believed without a limit"));
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
    fn a_key_is_believed_for_longer_than_anything_that_it_signed_lives() {
        assert!(KEY_CACHE_LIFETIME + ACCESS_LIFETIME + Duration::minutes(30) <= RETIREMENT);
    }
}
