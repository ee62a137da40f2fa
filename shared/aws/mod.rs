//! AWS: the HTTP client, the credentials, and the clients of DynamoDB and SSM.
//!
//! SES's client is in the crate of `deliver-mail`, the only function that sends mail: a dependency
//! of this crate would be built for all functions and processed by their fat LTO. It is built from
//! [`ClientSettings`], like DynamoDB's client.

pub mod credentials;
pub mod dynamodb;
pub mod network;
pub mod ssm;

use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, SharedHttpClient};

use self::network::Network;
use crate::config::Config;

/// The settings that every client of the SDK is built from.
///
/// They are set here without the SDK's default chain, which would add STS, SSO and profiles: seven
/// megabytes and a third of a second of cold start
/// (docs/decisions/0002-trimmed-dynamodb-client.md). Its `SdkConfig` would add 16 KB to every
/// function.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// The SDK's newest defaults.
    pub behavior: BehaviorVersion,
    /// Region, from the environment.
    pub region: Region,
    /// Credentials: those of the environment, or the ones that a command gets from a provider.
    pub credentials: SharedCredentialsProvider,
    /// An HTTP client with TLS by ring, or its replacement in tests.
    pub http: SharedHttpClient,
    /// Up to three attempts.
    pub retries: RetryConfig,
    /// Timeouts of a connection, an attempt and a call.
    pub timeouts: TimeoutConfig,
}

impl ClientSettings {
    /// Creates the settings for this environment; `http` replaces the network, for tests. A
    /// service's client may override them.
    pub fn new(config: &Config, http: Option<SharedHttpClient>) -> Self {
        let Config { aws, timeouts, .. } = config;
        Self {
            behavior: BehaviorVersion::latest(),
            region: Region::new(aws.region.clone()),
            credentials: SharedCredentialsProvider::new(credentials::credentials(aws)),
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
