//! The private key that signs access tokens.
//!
//! The first function that issues a token creates it and stores it as an SSM SecureString, which
//! costs nothing and which only the functions that issue tokens may read. If two functions create
//! it at once, `Overwrite=false` decides which key is used; only a rotation overwrites it.
//!
//! SSM allows 40 reads a second for all functions of an account and region
//! (<https://docs.aws.amazon.com/general/latest/gr/ssm.html>): if many functions start at once,
//! most are throttled and have to retry.

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

/// The part of a request's time that is reserved for publishing the public key.
const AFTER_THE_KEY: Duration = Duration::from_millis(300);

/// A private key, with its public half.
#[derive(Clone)]
pub struct PrivateKey {
    /// Key identifier, the `kid` of its tokens: a digest of the public half.
    pub kid: String,
    /// The public half: `x` of its JWK.
    pub x: String,
    /// The private key in PKCS #8.
    pub pkcs8: Vec<u8>,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, …)", self.kid)
    }
}

impl PrivateKey {
    /// Generates a key.
    pub fn generate() -> Result<Self> {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| {
            Error::internal("no key generated: the system's random number generator failed")
        })?;
        Self::from_pkcs8(pkcs8.as_ref().to_vec())
    }

    fn from_pkcs8(pkcs8: Vec<u8>) -> Result<Self> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pkcs8)
            .map_err(|_| Error::internal("the stored private key is not an Ed25519 key"))?;
        let public = pair.public_key().as_ref();
        Ok(Self {
            kid: digest([public])[..16].to_owned(),
            x: URL_SAFE_NO_PAD.encode(public),
            pkcs8,
        })
    }

    /// Returns the key in this parameter; if there is none, generates one and stores it there.
    /// Calls that fail are retried until the request's deadline.
    pub async fn load_or_create(aws: &Aws, parameter: &str, now: SystemTime) -> Result<Self> {
        Self::load(&ParameterStore::new(aws, now), parameter, Retry::UntilDeadline).await
    }

    /// Does the same with one attempt per call, for a caller that has a key to continue with.
    pub async fn load_or_create_at_once(
        aws: &Aws,
        parameter: &str,
        now: SystemTime,
    ) -> Result<Self> {
        Self::load(&ParameterStore::new(aws, now), parameter, Retry::Never).await
    }

    /// Each call is retried on its own: if many functions start at once, throttling may prevent a
    /// read and a write in a row.
    async fn load(parameters: &ParameterStore<'_>, parameter: &str, retry: Retry) -> Result<Self> {
        if let Some(value) = retry.run(|| parameters.get(parameter)).await? {
            return Self::read(&value);
        }
        let key = Self::generate()?;
        let value = &key.write()?;
        if retry.run(|| parameters.put(parameter, value, Overwrite::No)).await? {
            return Ok(key);
        }
        let get = || async {
            let value = parameters.get(parameter).await?;
            value.ok_or_else(|| Error::unavailable("the new key can't be read yet"))
        };
        Self::read(&retry.run(get).await?)
    }

    /// Stores this key in the parameter, and overwrites any other.
    pub async fn put(&self, aws: &Aws, parameter: &str, now: Timestamp) -> Result<()> {
        let (parameters, value) = (&ParameterStore::new(aws, now.into()), &self.write()?);
        Retry::UntilDeadline
            .run(|| parameters.put(parameter, value, Overwrite::Yes))
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

/// How often a call to the parameter store is attempted if it is throttled or its response is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Retry {
    /// One attempt.
    Never,
    /// Until only the time is left that is reserved for publishing the key.
    UntilDeadline,
}

impl Retry {
    async fn run<T, F>(self, call: impl Fn() -> F + Send + Sync) -> Result<T>
    where
        T: Send,
        F: Future<Output = Result<T>> + Send,
    {
        if self == Self::Never {
            return call().await;
        }
        let mut last = None;
        // Boxed: the type of a handler's future is almost too deep for the compiler.
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
        let last =
            || last.unwrap_or_else(|| Error::unavailable("the parameter store: no time left"));
        done.unwrap_or_else(|| Err(last()))
    }
}

/// The parameter's value.
#[derive(Serialize, Deserialize)]
struct Stored {
    pkcs8: String,
}
