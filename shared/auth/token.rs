//! Access tokens: JWTs after RFC 9068, signed with Ed25519, good for 15 minutes.
//!
//! Every function can read the public keys; only those that issue tokens hold the private one.

use std::collections::HashMap;
use std::sync::RwLock;

use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use time::Duration;
use tokio::sync::Mutex;

use super::ed25519;
use crate::domain::error::{Error, Result};
use crate::domain::ids::{SessionId, UserId};
use crate::domain::time::Instant;
use crate::store::Store;
use crate::store::signing_keys::PublicKeys;

/// How long an access token works.
pub const ACCESS_LIFETIME: Duration = Duration::minutes(15);
/// How far clocks may be apart.
const LEEWAY_SECONDS: i64 = 5;
/// How long keys are not looked up again: what was published in between is unknown for so long.
const LOOK_UP_PAUSE: Duration = Duration::seconds(2);
/// RFC 9068, section 2.1.
const TYPE: &str = "at+jwt";
/// No token of ours is longer; anything longer is not worth parsing.
const MAX_LENGTH: usize = 2048;

/// What a token says, once it is believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    pub iss: String,
    pub aud: String,
    pub sub: UserId,
    pub sid: SessionId,
    pub iat: i64,
    pub exp: i64,
}

/// What is believed of a token's bearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    /// The person.
    pub user_id: UserId,
    /// The session.
    pub session_id: SessionId,
}

/// Tells our tokens from all others.
#[derive(Debug)]
pub struct Verifier {
    issuer: String,
    keys: RwLock<HashMap<String, DecodingKey>>,
    looked_up_at: Mutex<Option<Instant>>,
}

impl Verifier {
    /// A verifier that knows no key yet; `issuer` is the only one it believes.
    pub fn new(issuer: &str) -> Self {
        ed25519::install();
        Self { issuer: issuer.to_owned(), keys: RwLock::default(), looked_up_at: Mutex::default() }
    }

    /// Reads the public keys.
    pub async fn load_keys(&self, store: &Store) -> Result<()> {
        self.learn(&store.public_keys(false).await?);
        Ok(())
    }

    /// Who bears this token, if it is ours and still good.
    pub async fn verify(&self, token: &str, store: &Store, now: Instant) -> Result<Bearer> {
        let kid = key_id(token).ok_or(Error::Unauthenticated)?;
        if self.key(&kid).is_none() {
            self.look_up(&kid, store, now).await?;
        }
        let key = self.key(&kid).ok_or(Error::Unauthenticated)?;
        self.check(token, &key, now).ok_or(Error::Unauthenticated)
    }

    /// Looks for a key that is not known here: once for all who wait for it, and not again and
    /// again for everybody who invents one, for every function reads the same small item.
    async fn look_up(&self, kid: &str, store: &Store, now: Instant) -> Result<()> {
        let mut looked_up_at = self.looked_up_at.lock().await;
        let is_due = looked_up_at.is_none_or(|at| at.plus(LOOK_UP_PAUSE) <= now);
        if self.key(kid).is_none() && is_due {
            self.learn(&store.public_keys(true).await?);
            *looked_up_at = Some(now);
        }
        Ok(())
    }

    fn check(&self, token: &str, key: &DecodingKey, now: Instant) -> Option<Bearer> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Judged below, by the shop's clock.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation).ok()?.claims;
        let now = now.unix_seconds();
        let alive = claims.exp.saturating_add(LEEWAY_SECONDS) > now
            && claims.iat.saturating_sub(LEEWAY_SECONDS) <= now;
        alive.then_some(Bearer { user_id: claims.sub, session_id: claims.sid })
    }

    fn key(&self, kid: &str) -> Option<DecodingKey> {
        self.keys.read().ok()?.get(kid).cloned()
    }

    fn learn(&self, keys: &PublicKeys) {
        let known = keys
            .iter()
            .filter_map(|(kid, key)| Some((kid.clone(), ed25519::decoding_key(&key.x).ok()?)));
        if let Ok(mut keys) = self.keys.write() {
            *keys = known.collect();
        }
    }
}

/// The `kid` of what could be one of our tokens.
fn key_id(token: &str) -> Option<String> {
    if token.len() > MAX_LENGTH {
        return None;
    }
    let header = jsonwebtoken::decode_header(token).ok()?;
    let ours = header.alg == Algorithm::EdDSA && header.typ.as_deref() == Some(TYPE);
    header.kid.filter(|_| ours)
}

/// The header of our tokens.
pub(super) fn header(kid: &str) -> Header {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(kid.to_owned());
    header
}
