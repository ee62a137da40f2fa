//! The DynamoDB client.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Builder, SharedHttpClient};

use super::ClientSettings;
use crate::config::Config;

/// Creates a client from the settings; `http` replaces the network, for tests.
pub fn client(config: &Config, http: Option<SharedHttpClient>) -> Client {
    let settings = ClientSettings::new(config, http);
    let mut builder = Builder::new()
        .behavior_version(settings.behavior)
        .region(settings.region)
        .credentials_provider(settings.credentials)
        .http_client(settings.http)
        .retry_config(settings.retries)
        .timeout_config(settings.timeouts);
    builder.set_endpoint_url(config.aws.dynamodb_endpoint.clone());
    Client::from_conf(builder.build())
}
