//! Access tokens: JWTs as in RFC 9068, signed with Ed25519, valid for 15 minutes.
//!
//! Every function can read the public keys; only the functions that issue tokens can read the
//! private key.

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

/// How long an access token is valid.
pub const ACCESS_LIFETIME: Duration = Duration::minutes(15);
/// How many seconds in the future a token's `iat` may be, in case the issuer's clock is ahead. For
/// its `exp` there is no leeway: a client whose token has expired uses its refresh token.
const LEEWAY_SECONDS: i64 = 5;
/// How long after a read of the public keys an unknown `kid` does not cause another one. A key that
/// was published in the meantime is unknown until then.
pub(crate) const KEY_READ_INTERVAL: Duration = Duration::seconds(2);
/// How long a function uses keys that it has read, to sign and to verify, before it reads them
/// again. A revoked key has no effect after that time.
pub(crate) const KEY_CACHE_LIFETIME: Duration = Duration::minutes(5);
/// The `typ` of an access token (RFC 9068, section 2.1).
const TYPE: &str = "at+jwt";
/// The most bytes of a token; a longer one is rejected without being parsed.
const MAX_LENGTH: usize = 2048;

/// The claims of an access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claims {
    pub iss: String,
    pub aud: String,
    pub sub: UserId,
    pub sid: SessionId,
    pub iat: i64,
    pub exp: i64,
}

/// Whether an expired access token is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiredTokens {
    /// It is rejected, as on every route but logout.
    Rejected,
    /// It is accepted to identify its session, which logout ends.
    Accepted,
}

/// Verifies access tokens with the shop's public keys, which it caches.
#[derive(Debug)]
pub struct Verifier {
    issuer: String,
    known: RwLock<Known>,
    looked_up_at: Mutex<Option<Timestamp>>,
}

/// The cached public keys and when they were read.
#[derive(Debug, Default)]
struct Known {
    keys: HashMap<String, (DecodingKey, PublicKey)>,
    read_at: Option<Timestamp>,
}

impl Verifier {
    /// Creates a verifier with an empty cache. It accepts only tokens whose `iss` and `aud` are
    /// `issuer`.
    pub fn new(issuer: &str) -> Self {
        ed25519::install();
        Self { issuer: issuer.to_owned(), known: RwLock::default(), looked_up_at: Mutex::default() }
    }

    /// Reads the public keys into the cache. The read is strongly consistent, so that a revoked key
    /// is not cached for five more minutes.
    pub async fn load_keys(&self, store: &Store, now: Timestamp) -> Result<()> {
        self.learn(store.signing_keys().get(Read::Consistent).await?, now);
        Ok(())
    }

    /// Verifies a token's signature, issuer, audience and times, and returns the user and session
    /// that it names; 401 if it is not valid. Reads the public keys again if they don't have the
    /// token's `kid` or were read more than 5 minutes ago; 503 if that read fails and the key
    /// is unknown.
    pub async fn verify(
        &self,
        token: &str,
        expired: ExpiredTokens,
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

    /// Reads the public keys again if `kid` is unknown or the cache is stale. Concurrent requests
    /// share one read, and there is at most one every [`KEY_READ_INTERVAL`]: invented `kid`s must not
    /// make every function read the same item all the time.
    async fn look_up(&self, kid: &str, store: &Store, now: Timestamp) -> Result<()> {
        let mut looked_up_at = self.looked_up_at.lock().await;
        let is_known = self.key(kid, now).is_some();
        let is_due = looked_up_at.is_none_or(|at| at.plus(KEY_READ_INTERVAL) <= now);
        if is_known && !self.is_stale(now) || !is_due {
            return Ok(());
        }
        match store.signing_keys().get(Read::Consistent).await {
            Ok(keys) => self.learn(keys, now),
            Err(error) if is_known => tracing::warn!(?error, "can't refresh the public keys"),
            Err(error) => return Err(error),
        }
        *looked_up_at = Some(now);
        Ok(())
    }

    fn check(
        &self,
        token: &str,
        key: &DecodingKey,
        expired: ExpiredTokens,
        now: Timestamp,
    ) -> Option<Bearer> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Checked below, by the time of `Ctx`.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation).ok()?.claims;
        let now = now.unix_seconds();
        let is_issued = claims.iat.saturating_sub(LEEWAY_SECONDS) <= now;
        let is_valid = expired == ExpiredTokens::Accepted || claims.exp > now;
        (is_issued && is_valid).then_some(Bearer { user_id: claims.sub, session_id: claims.sid })
    }

    fn key(&self, kid: &str, now: Timestamp) -> Option<DecodingKey> {
        let known = self.known.read().ok()?;
        let (decoding, key) = known.keys.get(kid)?;
        key.is_accepted(now).then(|| decoding.clone())
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

/// Returns the `kid` of a token whose header is that of an access token; `None` for any other text.
fn key_id(token: &str) -> Option<String> {
    if token.len() > MAX_LENGTH {
        return None;
    }
    let header = jsonwebtoken::decode_header(token).ok()?;
    let ours = header.alg == Algorithm::EdDSA && header.typ.as_deref() == Some(TYPE);
    header.kid.filter(|_| ours)
}

/// Creates the header of an access token.
pub(super) fn header(kid: &str) -> Header {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(kid.to_owned());
    header
}
