//! AWS: the network, the credentials, and the clients of DynamoDB and SSM.
//!
//! SES's client stays with `deliver-mail`, the one function that sends mail: what a package depends
//! on, all functions would have to build, and fat LTO would have to read. It is built from
//! [`ClientSettings`] as DynamoDB's is.

pub mod credentials;
pub mod dynamodb;
pub mod network;
pub mod ssm;

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, SharedHttpClient};

use self::network::Network;
use crate::config::Config;

/// What every client of the SDK is built from.
///
/// Made by hand: the SDK's default chain would add STS, SSO and profiles, seven megabytes and a
/// third of a second of cold start (docs/decisions/0002-trimmed-dynamodb-client.md). Its `SdkConfig`
/// would add 16 KB to every function.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// The newest defaults.
    pub behavior: BehaviorVersion,
    /// The environment's.
    pub region: Region,
    /// The environment's.
    pub credentials: Credentials,
    /// TLS by ring, or what replaces the network in tests.
    pub http: SharedHttpClient,
    /// Up to three tries.
    pub retries: RetryConfig,
    /// An end to every wait.
    pub timeouts: TimeoutConfig,
}

impl ClientSettings {
    /// The settings for this environment; `http` replaces the network, for tests. Where a service
    /// wants something else, its client changes it.
    pub fn new(config: &Config, http: Option<SharedHttpClient>) -> Self {
        let Config { aws, timeouts, .. } = config;
        Self {
            behavior: BehaviorVersion::latest(),
            region: Region::new(aws.region.clone()),
            credentials: credentials::credentials(aws),
            http: http.unwrap_or_else(|| SharedHttpClient::new(Network::new(timeouts.connect))),
            retries: RetryConfig::standard()
                .with_max_attempts(3)
                .with_initial_backoff(Duration::from_millis(50)),
            timeouts: TimeoutConfig::builder()
                .connect_timeout(timeouts.connect)
                .operation_attempt_timeout(timeouts.attempt)
                .operation_timeout(timeouts.call)
                .build(),
        }
    }
}
