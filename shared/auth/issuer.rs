//! Issues access tokens, in the few functions that may read the private key.

use time::Duration;
use tokio::sync::Mutex;

use super::private_key::PrivateKey;
use super::token::{ACCESS_LIFETIME, Claims, KEY_CACHE_LIFETIME, header};
use super::{ed25519, token};
use crate::config::Config;
use crate::domain::caller::Bearer;
use crate::domain::error::{Error, Result};
use crate::domain::signing_key::PublicKey;
use crate::domain::time::Timestamp;
use crate::store::{Read, Store};

/// How long a key is used after it could not be read again, until the next attempt.
const RETRY: Duration = Duration::seconds(30);

/// The timeout of reading the key again.
const TIMEOUT: Duration = Duration::seconds(1);

/// Signs access tokens. The private key is read at the first token, and created if there is none.
/// It is read again when its cache lifetime is over, since a rotation may have replaced it.
#[derive(Default)]
pub struct Issuer {
    held: Mutex<Option<Held>>,
}

struct Held {
    key: PrivateKey,
    good_until: Timestamp,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Issuer(…)")
    }
}

impl Issuer {
    /// Creates an issuer that uses this key for ever, for tests; the caller publishes the key.
    pub fn with_key(key: PrivateKey) -> Self {
        let held = Held { key, good_until: Timestamp::from_unix_millis(i64::MAX) };
        Self { held: Mutex::new(Some(held)) }
    }

    /// Returns an access token for a session that has just begun or was refreshed.
    pub async fn issue(
        &self,
        bearer: Bearer,
        config: &Config,
        store: &Store,
        now: Timestamp,
    ) -> Result<String> {
        let key = self.key(config, store, now).await?;
        let claims = Claims {
            iss: config.token_issuer.clone(),
            aud: config.token_issuer.clone(),
            sub: bearer.user_id,
            sid: bearer.session_id,
            iat: now.unix_seconds(),
            exp: now.plus(ACCESS_LIFETIME).unix_seconds(),
        };
        ed25519::install();
        jsonwebtoken::encode(&header(&key.kid), &claims, &ed25519::encoding_key(&key.pkcs8))
            .map_err(Error::internal)
    }

    /// Returns the key to sign with. Its public key is in the table before it signs its first
    /// token.
    async fn key(&self, config: &Config, store: &Store, now: Timestamp) -> Result<PrivateKey> {
        let mut held = self.held.lock().await;
        let Some(old) = held.as_mut() else {
            let key =
                PrivateKey::load_or_create(&config.aws, parameter(config)?, now.into()).await?;
            publish(&key, store, now).await?;
            *held = Some(Held { key: key.clone(), good_until: now.plus(KEY_CACHE_LIFETIME) });
            return Ok(key);
        };
        if old.good_until <= now {
            let read =
                PrivateKey::load_or_create_at_once(&config.aws, parameter(config)?, now.into());
            let read = tokio::time::timeout(TIMEOUT.unsigned_abs(), read).await;
            match read.unwrap_or_else(|_| Err(Error::unavailable("GetParameter: timeout"))) {
                Ok(key) => old.replace_by(key, store, now).await?,
                Err(error) => old.keep_on(error, store, now).await?,
            }
        }
        Ok(old.key.clone())
    }
}

impl Held {
    async fn replace_by(&mut self, key: PrivateKey, store: &Store, now: Timestamp) -> Result<()> {
        if key.kid != self.key.kid {
            publish(&key, store, now).await?;
        }
        *self = Self { key, good_until: now.plus(KEY_CACHE_LIFETIME) };
        Ok(())
    }

    /// Continues with a key that can't be read again, if the tokens that it signs now will be
    /// accepted until they expire.
    async fn keep_on(&mut self, error: Error, store: &Store, now: Timestamp) -> Result<()> {
        let keys = store.signing_keys().get(Read::Consistent).await?;
        // A token must not outlive its key.
        let last = now.plus(ACCESS_LIFETIME);
        if !keys.get(&self.key.kid).is_some_and(|key| key.is_accepted(last)) {
            return Err(error);
        }
        tracing::warn!(?error, "the key that signs tokens could not be read again");
        self.good_until = now.plus(RETRY);
        Ok(())
    }
}

/// Returns the name of the parameter that holds the private key.
pub(crate) fn parameter(config: &Config) -> Result<&str> {
    let parameter = config.token_key_parameter.as_deref();
    parameter.ok_or_else(|| Error::internal("TOKEN_KEY_PARAMETER is not set"))
}

/// Stores a key's public half in the table, where every function reads it.
pub async fn publish(key: &PrivateKey, store: &Store, now: Timestamp) -> Result<()> {
    store.signing_keys().publish(&key.kid, &PublicKey::new(&key.x, now)).await
}

/// The lifetime of an access token in seconds: `expires_in` in a response.
pub const EXPIRES_IN: i64 = token::ACCESS_LIFETIME.whole_seconds();
