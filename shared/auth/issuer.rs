//! Issues access tokens, in the few functions that may read the private key.

use tokio::sync::OnceCell;

use super::private_key::PrivateKey;
use super::token::{ACCESS_LIFETIME, Bearer, Claims, header};
use super::{ed25519, token};
use crate::config::Config;
use crate::domain::error::{Error, Result};
use crate::domain::time::Instant;
use crate::store::Store;
use crate::store::signing_keys::PublicKey;

/// Signs tokens. The key is read, and made where there is none, at the first token.
#[derive(Default)]
pub struct Issuer {
    key: OnceCell<PrivateKey>,
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Issuer(…)")
    }
}

impl Issuer {
    /// An issuer with a key of its own, for tests; the key is published with the first token.
    pub fn with_key(key: PrivateKey) -> Self {
        Self { key: OnceCell::new_with(Some(key)) }
    }

    /// A token for a session that has just begun or been renewed.
    pub async fn issue(
        &self,
        bearer: Bearer,
        config: &Config,
        store: &Store,
        now: Instant,
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

    /// The key, whose public half is in the table before it signs its first token.
    async fn key(&self, config: &Config, store: &Store, now: Instant) -> Result<&PrivateKey> {
        let load = || async {
            let parameter = config
                .token_key_parameter
                .as_deref()
                .ok_or_else(|| Error::internal("TOKEN_KEY_PARAMETER is not set"))?;
            let at = std::time::UNIX_EPOCH
                + std::time::Duration::from_millis(now.unix_millis().unsigned_abs());
            let key = PrivateKey::load_or_create(&config.aws, parameter, at).await?;
            publish(&key, store, now).await?;
            Ok(key)
        };
        self.key.get_or_try_init(load).await
    }
}

/// Makes a key's public half known to every function.
pub async fn publish(key: &PrivateKey, store: &Store, now: Instant) -> Result<()> {
    store.publish_key(&key.kid, &PublicKey { x: key.x.clone(), published_at: now }).await
}

/// How many seconds a token lives: the `expires_in` of an answer.
pub const EXPIRES_IN: i64 = token::ACCESS_LIFETIME.whole_seconds();
