//! The private key that signs access tokens.
//!
//! The first function that issues a token makes it and keeps it in an SSM SecureString, which
//! costs nothing at rest and which only issuing functions may read. `Overwrite=false` decides
//! between two functions that start at once; a rotation overwrites.
//!
//! SSM answers 40 reads a second for all functions of an account and region
//! (<https://docs.aws.amazon.com/general/latest/gr/ssm.html>): of many functions that start at
//! once, most are told to come again.

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures_util::future::BoxFuture;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::{Deserialize, Serialize};

use crate::aws::ssm::{Overwrite, ParameterStore};
use crate::config::Aws;
use crate::crypto::digest::digest;
use crate::domain::error::{Error, Result};
use crate::domain::time::Timestamp;
use crate::store::deadline;
use crate::store::retry::Attempts;

/// What is left of a request for what comes after the key: its public half is published.
const AFTER_THE_KEY: Duration = Duration::from_millis(300);

/// A private key and the name of its public half.
#[derive(Clone)]
pub struct PrivateKey {
    /// What tokens name it by: a digest of the public half.
    pub kid: String,
    /// The public half, a JWK's `x`.
    pub x: String,
    /// PKCS #8.
    pub pkcs8: Vec<u8>,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, …)", self.kid)
    }
}

impl PrivateKey {
    /// A new one.
    pub fn generate() -> Result<Self> {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .map_err(|_| Error::internal("no new key: the system gives no randomness"))?;
        Self::from_pkcs8(pkcs8.as_ref().to_vec())
    }

    fn from_pkcs8(pkcs8: Vec<u8>) -> Result<Self> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pkcs8)
            .map_err(|_| Error::internal("the stored private key is no Ed25519 key"))?;
        let public = pair.public_key().as_ref();
        Ok(Self {
            kid: digest([public])[..16].to_owned(),
            x: URL_SAFE_NO_PAD.encode(public),
            pkcs8,
        })
    }

    /// The key under this parameter; where there is none, a new one that is put there. Calls that
    /// fail are made again as long as the request has time.
    pub async fn load_or_create(aws: &Aws, parameter: &str, now: SystemTime) -> Result<Self> {
        Self::load(&ParameterStore::new(aws, now), parameter, Tries::UntilDeadline).await
    }

    /// The same by one try: for whoever has a key to go on with.
    pub async fn load_or_create_at_once(
        aws: &Aws,
        parameter: &str,
        now: SystemTime,
    ) -> Result<Self> {
        Self::load(&ParameterStore::new(aws, now), parameter, Tries::One).await
    }

    /// Each call is made again by itself: of many functions that begin at once, none might get its turn
    /// Each call is made again by itself: of many functions that begin at once, none might get its
    /// turn for a read and a write in a row.
    async fn load(parameters: &ParameterStore<'_>, parameter: &str, tries: Tries) -> Result<Self> {
        if let Some(value) = tries.make(|| parameters.get(parameter)).await? {
            return Self::read(&value);
        }
        let key = Self::generate()?;
        let value = &key.write()?;
        if tries.make(|| parameters.put(parameter, value, Overwrite::No)).await? {
            return Ok(key);
        }
        let get = || async {
            let value = parameters.get(parameter).await?;
            value.ok_or_else(|| Error::unavailable("the new key can't be read yet"))
        };
        Self::read(&tries.make(get).await?)
    }

    /// Puts this key under the parameter, whatever is there.
    pub async fn put(&self, aws: &Aws, parameter: &str, now: Timestamp) -> Result<()> {
        let (parameters, value) = (&ParameterStore::new(aws, now.into()), &self.write()?);
        Tries::UntilDeadline
            .make(|| parameters.put(parameter, value, Overwrite::Yes))
            .await
            .map(drop)
    }

    fn read(value: &str) -> Result<Self> {
        let stored: Stored = serde_json::from_str(value)
            .map_err(|_| Error::internal("the key parameter does not hold a key"))?;
        let pkcs8 = STANDARD.decode(stored.pkcs8);
        Self::from_pkcs8(pkcs8.map_err(|_| Error::internal("the key parameter is not base64"))?)
    }

    fn write(&self) -> Result<String> {
        let stored = Stored { pkcs8: STANDARD.encode(&self.pkcs8) };
        serde_json::to_string(&stored).map_err(Error::internal)
    }
}

/// How often a call of the parameter store is made that is turned away or not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tries {
    /// Once.
    One,
    /// Until the request has just the time left that comes after it.
    UntilDeadline,
}

impl Tries {
    async fn make<T, F>(self, call: impl Fn() -> F + Send + Sync) -> Result<T>
    where
        T: Send,
        F: Future<Output = Result<T>> + Send,
    {
        if self == Self::One {
            return call().await;
        }
        let mut last = None;
        // Its type forgotten: a handler's future is nearly too deep for the compiler.
        let work: BoxFuture<'_, Result<T>> = Box::pin(async {
            let mut attempts = Attempts::without_end("the parameter store does not answer");
            loop {
                match call().await {
                    Err(error @ Error::Unavailable { .. }) => last = Some(error),
                    done => return done,
                }
                attempts.pause().await?;
            }
        });
        let done = deadline::with_reserve(AFTER_THE_KEY, work).await;
        let last = || last.unwrap_or_else(|| Error::unavailable("the parameter store: no time"));
        done.unwrap_or_else(|| Err(last()))
    }
}

/// The parameter's value.
#[derive(Serialize, Deserialize)]
struct Stored {
    pkcs8: String,
}
