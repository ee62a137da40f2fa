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
use crate::domain::caller::Bearer;
use crate::domain::error::{Error, Result};
use crate::domain::ids::{SessionId, UserId};
use crate::domain::signing_key::{PublicKey, PublicKeys};
use crate::domain::time::Timestamp;
use crate::store::{Read, Store};

/// How long an access token works.
pub const ACCESS_LIFETIME: Duration = Duration::minutes(15);
/// How far ahead the issuer's clock may be. A token that has expired has expired: whoever is told
/// so renews it.
const LEEWAY_SECONDS: i64 = 5;
/// How long keys are not looked up again: what was published in between is unknown for so long.
pub(crate) const LOOK_UP_PAUSE: Duration = Duration::seconds(2);
/// How long keys that were read are taken for those that there are, by whoever signs and by whoever
/// verifies: a key that is taken back has no effect after that.
pub(crate) const KEY_CACHE_LIFETIME: Duration = Duration::minutes(5);
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

/// What becomes of a token that was good once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expired {
    /// It is refused.
    Refused,
    /// It still says whose it is, but lets nobody in.
    Accepted,
}

/// Tells our tokens from all others.
#[derive(Debug)]
pub struct Verifier {
    issuer: String,
    known: RwLock<Known>,
    looked_up_at: Mutex<Option<Timestamp>>,
}

/// The keys as they were read.
#[derive(Debug, Default)]
struct Known {
    keys: HashMap<String, (DecodingKey, PublicKey)>,
    read_at: Option<Timestamp>,
}

impl Verifier {
    /// A verifier that knows no key yet; `issuer` is the only one it believes.
    pub fn new(issuer: &str) -> Self {
        ed25519::install();
        Self { issuer: issuer.to_owned(), known: RwLock::default(), looked_up_at: Mutex::default() }
    }

    /// Reads the public keys; consistently, since a key that is taken back must not be believed for
    /// five minutes more.
    pub async fn load_keys(&self, store: &Store, now: Timestamp) -> Result<()> {
        self.learn(store.signing_keys().get(Read::Consistent).await?, now);
        Ok(())
    }

    /// Who bears this token, if it is ours and its time is right.
    pub async fn verify(
        &self,
        token: &str,
        expired: Expired,
        store: &Store,
        now: Timestamp,
    ) -> Result<Bearer> {
        let kid = key_id(token).ok_or(Error::Unauthenticated)?;
        if self.key(&kid, now).is_none() || self.is_stale(now) {
            self.look_up(&kid, store, now).await?;
        }
        let key = self.key(&kid, now).ok_or(Error::Unauthenticated)?;
        self.check(token, &key, expired, now).ok_or(Error::Unauthenticated)
    }

    /// Looks for a key that is not known here, or has not been looked at for long: once for all who
    /// wait for it, and not again and again for everybody who invents one, for every function reads
    /// the same small item.
    async fn look_up(&self, kid: &str, store: &Store, now: Timestamp) -> Result<()> {
        let mut looked_up_at = self.looked_up_at.lock().await;
        let is_known = self.key(kid, now).is_some();
        let is_due = looked_up_at.is_none_or(|at| at.plus(LOOK_UP_PAUSE) <= now);
        if is_known && !self.is_stale(now) || !is_due {
            return Ok(());
        }
        match store.signing_keys().get(Read::Consistent).await {
            Ok(keys) => self.learn(keys, now),
            Err(error) if is_known => tracing::warn!(?error, "the public keys can't be read anew"),
            Err(error) => return Err(error),
        }
        *looked_up_at = Some(now);
        Ok(())
    }

    fn check(
        &self,
        token: &str,
        key: &DecodingKey,
        expired: Expired,
        now: Timestamp,
    ) -> Option<Bearer> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Judged below, by the shop's clock.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation).ok()?.claims;
        let now = now.unix_seconds();
        let begun = claims.iat.saturating_sub(LEEWAY_SECONDS) <= now;
        let alive = expired == Expired::Accepted || claims.exp > now;
        (begun && alive).then_some(Bearer { user_id: claims.sub, session_id: claims.sid })
    }

    fn key(&self, kid: &str, now: Timestamp) -> Option<DecodingKey> {
        let known = self.known.read().ok()?;
        let (decoding, key) = known.keys.get(kid)?;
        key.is_believed(now).then(|| decoding.clone())
    }

    fn is_stale(&self, now: Timestamp) -> bool {
        let read_at = self.known.read().ok().and_then(|known| known.read_at);
        read_at.is_none_or(|at| at.plus(KEY_CACHE_LIFETIME) <= now)
    }

    fn learn(&self, keys: PublicKeys, now: Timestamp) {
        let decoding = |key: &PublicKey| ed25519::decoding_key(&key.x).ok();
        let keys = keys.into_iter().filter_map(|(kid, key)| Some((kid, (decoding(&key)?, key))));
        if let Ok(mut known) = self.known.write() {
            *known = Known { keys: keys.collect(), read_at: Some(now) };
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
