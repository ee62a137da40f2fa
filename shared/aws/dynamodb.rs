//! The DynamoDB client.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{Builder, SharedHttpClient};

use super::sdk_config;
use crate::config::Config;

/// A client for this environment; `http` replaces the network, for tests.
pub fn client(config: &Config, http: Option<SharedHttpClient>) -> Client {
    let mut builder = Builder::from(&sdk_config(config, http));
    builder.set_endpoint_url(config.aws.dynamodb_endpoint.clone());
    Client::from_conf(builder.build())
}
