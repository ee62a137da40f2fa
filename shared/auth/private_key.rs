//! The private key that signs access tokens.
//!
//! The first function that issues a token makes it and keeps it in an SSM SecureString, which
//! costs nothing at rest and which only issuing functions may read. `Overwrite=false` decides
//! between two functions that start at once; a rotation overwrites. Two calls don't deserve an SDK
//! of their own: they are signed with the SDK's signer.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::config::Aws;
use crate::crypto::digest::digest;
use crate::domain::error::{Error, Result};
use crate::domain::time::Timestamp;
use crate::store::client;
use crate::store::network::Network;

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(2);

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

    /// The key under this parameter; where there is none, a new one that is put there.
    pub async fn load_or_create(aws: &Aws, parameter: &str, now: SystemTime) -> Result<Self> {
        let parameters = ParameterStore { aws, now, network: Network::new(PATIENCE) };
        if let Some(value) = parameters.get(parameter).await? {
            return Self::read(&value);
        }
        let key = Self::generate()?;
        if parameters.put(parameter, &key.write()?, Overwrite::No).await? {
            return Ok(key);
        }
        let value = parameters.get(parameter).await?;
        Self::read(&value.ok_or_else(|| Error::unavailable("the new key can't be read yet"))?)
    }

    /// Puts this key under the parameter, whatever is there.
    pub async fn put(&self, aws: &Aws, parameter: &str, now: Timestamp) -> Result<()> {
        let parameters = ParameterStore { aws, now: now.into(), network: Network::new(PATIENCE) };
        parameters.put(parameter, &self.write()?, Overwrite::Yes).await.map(drop)
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

/// The parameter's value.
#[derive(Serialize, Deserialize)]
struct Stored {
    pkcs8: String,
}

/// The two calls of SSM that a key needs
/// (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/>).
struct ParameterStore<'a> {
    aws: &'a Aws,
    now: SystemTime,
    network: Network,
}

impl ParameterStore<'_> {
    async fn get(&self, name: &str) -> Result<Option<String>> {
        let wanted = json!({"Name": name, "WithDecryption": true});
        match self.call("GetParameter", &wanted).await? {
            Answer::Done(answer) => {
                let value = answer["Parameter"]["Value"].as_str().map(str::to_owned);
                value.map(Some).ok_or_else(|| Error::internal("GetParameter gives no value"))
            }
            Answer::Refused(code) if code == "ParameterNotFound" => Ok(None),
            Answer::Refused(code) => Err(Error::internal(format!("GetParameter: {code}"))),
        }
    }

    /// Whether the parameter has this value now; else it stays as it is.
    async fn put(&self, name: &str, value: &str, overwrite: Overwrite) -> Result<bool> {
        let overwrite = overwrite == Overwrite::Yes;
        let new =
            json!({"Name": name, "Value": value, "Type": "SecureString", "Overwrite": overwrite});
        match self.call("PutParameter", &new).await? {
            Answer::Done(_) => Ok(true),
            Answer::Refused(code) if code == "ParameterAlreadyExists" => Ok(false),
            Answer::Refused(code) => Err(Error::internal(format!("PutParameter: {code}"))),
        }
    }

    async fn call(&self, operation: &str, body: &serde_json::Value) -> Result<Answer> {
        let request = self.request(operation, body.to_string())?;
        let answer = tokio::time::timeout(PATIENCE, self.network.call(request))
            .await
            .map_err(|_| Error::unavailable(format!("{operation}: no answer")))?
            .map_err(|error| Error::unavailable(format!("{operation}: {error:?}")))?;
        let (status, body) = (answer.status(), answer.into_body());
        let body = aws_smithy_types::byte_stream::ByteStream::new(body).collect().await;
        let body = body.map_err(Error::unavailable)?.into_bytes();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        if status.is_success() {
            return Ok(Answer::Done(body));
        }
        if status.is_server_error() {
            return Err(Error::unavailable(format!("{operation}: status {}", status.as_u16())));
        }
        let code = body["__type"].as_str().unwrap_or_default();
        match code.rsplit('#').next().unwrap_or_default() {
            "ThrottlingException" | "TooManyUpdates" | "InternalServerError" => {
                Err(Error::unavailable(format!("{operation}: too many calls")))
            }
            code => Ok(Answer::Refused(code.to_owned())),
        }
    }

    fn request(&self, operation: &str, body: String) -> Result<HttpRequest> {
        let region = &self.aws.region;
        let endpoint = match &self.aws.ssm_endpoint {
            Some(endpoint) => endpoint.clone(),
            None => format!("https://ssm.{region}.amazonaws.com"),
        };
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", &format!("AmazonSSM.{operation}")),
        ];
        let identity = client::credentials(self.aws).into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name("ssm")
            .time(self.now)
            .settings(SigningSettings::default())
            .build()
            .map_err(Error::internal)?;
        let uri = format!("{endpoint}/");
        let signable = SignableRequest::new(
            "POST",
            &uri,
            headers.iter().copied(),
            SignableBody::Bytes(body.as_bytes()),
        );
        let (instructions, _) = sign(signable.map_err(Error::internal)?, &params.into())
            .map_err(Error::internal)?
            .into_parts();
        let mut request = lambda_http::http::Request::builder().method("POST").uri(&uri);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let mut request = request.body(SdkBody::from(body.clone())).map_err(Error::internal)?;
        instructions.apply_to_request_http1x(&mut request);
        HttpRequest::try_from(request).map_err(Error::internal)
    }
}

#[derive(PartialEq)]
enum Overwrite {
    Yes,
    No,
}

enum Answer {
    Done(serde_json::Value),
    Refused(String),
}
