//! The DynamoDB client.

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Builder, SharedHttpClient};

use super::ClientSettings;
use crate::config::Config;

/// Creates a client from the settings; `http` replaces the network, for tests.
pub fn client(config: &Config, http: Option<SharedHttpClient>) -> Client {
    build(ClientSettings::new(config, http), config)
}

/// Creates a client for a command: with the credentials of a provider, which are renewed before they
/// expire, and with more attempts, because no deadline of a request ends them.
pub fn client_of_command(config: &Config, credentials: SharedCredentialsProvider) -> Client {
    let settings = ClientSettings::new(config, None);
    let retries = settings.retries.clone().with_max_attempts(7);
    build(ClientSettings { credentials, retries, ..settings }, config)
}

fn build(settings: ClientSettings, config: &Config) -> Client {
    let mut builder = Builder::new()
        .behavior_version(settings.behavior)
        .region(settings.region)
        .http_client(settings.http)
        .retry_config(settings.retries)
        .timeout_config(settings.timeouts);
    builder.set_credentials_provider(Some(settings.credentials));
    builder.set_endpoint_url(config.aws.dynamodb_endpoint.clone());
    Client::from_conf(builder.build())
}
