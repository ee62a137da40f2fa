//! AWS: the network, the credentials, and the clients of DynamoDB and SSM.
//!
//! SES's client stays with `deliver-mail`, the one function that sends mail: what a package depends
//! on, all functions would have to build, and fat LTO would have to read. It is built from
//! [`sdk_config`] as DynamoDB's is.

pub mod credentials;
pub mod dynamodb;
pub mod network;
pub mod ssm;

use std::time::Duration;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

use crate::config::Config;

/// What every client of the SDK is built from: region and credentials of the environment, TLS by
/// ring, three tries, and an end to every wait; `http` replaces the network, for tests. Where a
/// service wants something else, its client says so.
///
/// Made by hand: the SDK's default chain would add STS, SSO and profiles, seven megabytes and a
/// third of a second of cold start (docs/decisions/0002-trimmed-dynamodb-client.md).
pub fn sdk_config(config: &Config, http: Option<SharedHttpClient>) -> SdkConfig {
    let Config { aws, patience, .. } = config;
    let http =
        http.unwrap_or_else(|| SharedHttpClient::new(network::Network::new(patience.connect)));
    let retries = RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50));
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(patience.connect)
        .operation_attempt_timeout(patience.attempt)
        .operation_timeout(patience.call);
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(aws.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(credentials::credentials(aws)))
        .http_client(http)
        .retry_config(retries)
        .timeout_config(timeouts.build())
        .build()
}
