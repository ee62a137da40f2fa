//! The DynamoDB client, built by hand: credentials and region come from the environment, TLS is
//! ring's, and every wait has an end. The SDK's default chain would add STS, SSO and profiles:
//! seven megabytes and a third of a second of cold start.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, SharedHttpClient};

use super::credentials::credentials;
use super::network::Network;
use crate::config::Config;

/// A client for this environment; `http` replaces the network, for tests.
pub fn client(config: &Config, http: Option<SharedHttpClient>) -> aws_sdk_dynamodb::Client {
    let Config { aws, patience, .. } = config;
    let http = http.unwrap_or_else(|| SharedHttpClient::new(Network::new(patience.connect)));
    let mut builder = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(aws.region.clone()))
        .credentials_provider(credentials(aws))
        .http_client(http)
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(3)
                .with_initial_backoff(Duration::from_millis(50)),
        )
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(patience.connect)
                .operation_attempt_timeout(patience.attempt)
                .operation_timeout(patience.call)
                .build(),
        );
    if let Some(endpoint) = &aws.dynamodb_endpoint {
        builder = builder.endpoint_url(endpoint);
    }
    aws_sdk_dynamodb::Client::from_conf(builder.build())
}
