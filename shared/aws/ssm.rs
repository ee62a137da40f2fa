//! The SSM parameter store: the two calls that the shop uses
//! (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/>).
//!
//! `aws-sdk-ssm` is one of the largest crates to build, so this module builds the requests itself
//! and signs them with the SDK's signer.

use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::json;

use super::credentials::credentials;
use super::network::Network;
use crate::config::Aws;
use crate::domain::error::{Error, Result};

/// The timeout of one call, short enough to leave time for a retry within a request.
const TIMEOUT: Duration = Duration::from_millis(900);

/// A client of the parameter store.
#[derive(Debug)]
pub struct ParameterStore<'a> {
    aws: &'a Aws,
    now: SystemTime,
    network: Network,
}

impl<'a> ParameterStore<'a> {
    /// Creates a client for this account and region; `now` is the signing time of its calls.
    pub fn new(aws: &'a Aws, now: SystemTime) -> Self {
        Self { aws, now, network: Network::new(TIMEOUT) }
    }

    /// Returns a parameter's value, decrypted; `None` if it does not exist. 503 if SSM throttles
    /// the call or does not respond.
    pub async fn get(&self, name: &str) -> Result<Option<String>> {
        let wanted = json!({"Name": name, "WithDecryption": true});
        match self.call("GetParameter", &wanted).await? {
            Outcome::Done(response) => {
                let value = response["Parameter"]["Value"].as_str().map(str::to_owned);
                value.map(Some).ok_or_else(|| Error::internal("GetParameter returned no value"))
            }
            Outcome::Refused(code) if code == "ParameterNotFound" => Ok(None),
            Outcome::Refused(code) => Err(Error::internal(format!("GetParameter: {code}"))),
        }
    }

    /// Stores a value as a SecureString. False if the parameter exists and may not be overwritten.
    /// 503 if SSM throttles the call or does not respond.
    pub async fn put(&self, name: &str, value: &str, overwrite: Overwrite) -> Result<bool> {
        let overwrite = overwrite == Overwrite::Yes;
        let new =
            json!({"Name": name, "Value": value, "Type": "SecureString", "Overwrite": overwrite});
        match self.call("PutParameter", &new).await? {
            Outcome::Done(_) => Ok(true),
            Outcome::Refused(code) if code == "ParameterAlreadyExists" => Ok(false),
            Outcome::Refused(code) => Err(Error::internal(format!("PutParameter: {code}"))),
        }
    }

    async fn call(&self, operation: &str, body: &serde_json::Value) -> Result<Outcome> {
        let request = self.request(operation, body.to_string())?;
        let response = tokio::time::timeout(TIMEOUT, self.send(operation, request)).await;
        let timeout = |_| Error::unavailable(format!("{operation}: timeout"));
        let (status, body) = response.map_err(timeout)??;
        if status.is_success() {
            return Ok(Outcome::Done(body));
        }
        if status.is_server_error() {
            return Err(Error::unavailable(format!("{operation}: status {}", status.as_u16())));
        }
        let code = body["__type"].as_str().unwrap_or_default();
        match code.rsplit('#').next().unwrap_or_default() {
            "ThrottlingException" | "TooManyUpdates" | "InternalServerError" => {
                Err(Error::unavailable(format!("{operation}: throttled")))
            }
            code => Ok(Outcome::Refused(code.to_owned())),
        }
    }

    /// Sends a request, and reads the response to its end.
    async fn send(
        &self,
        operation: &str,
        request: HttpRequest,
    ) -> Result<(StatusCode, serde_json::Value)> {
        let lost = |error: &dyn Debug| Error::unavailable(format!("{operation}: {error:?}"));
        let response = self.network.call(request).await.map_err(|error| lost(&error))?;
        let status = response.status();
        let body = ByteStream::new(response.into_body()).collect().await;
        let body = body.map_err(|error| lost(&error))?.into_bytes();
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
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
        let identity = credentials(self.aws).into();
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

/// Whether a value may replace an existing one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// It replaces an existing value.
    Yes,
    /// An existing value is kept.
    No,
}

enum Outcome {
    Done(serde_json::Value),
    Refused(String),
}
