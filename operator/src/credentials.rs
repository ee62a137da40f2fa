//! Credentials and region by AWS's usual chain: environment, profiles with roles, SSO, `aws login`
//! and processes, web identity, containers, instances.
//!
//! All its calls go through the shop's own HTTP client: `aws-config` would bring another one with a
//! second TLS library.

use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::Region;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::imds;
use aws_config::imds::region::ImdsRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use shared::aws::network::Network;

use crate::failure::{Failure, Result};

/// The timeout of opening a connection. Outside of AWS nothing answers at the address of an
/// instance's metadata, and the chain ends only after it.
const CONNECT: Duration = Duration::from_secs(1);

/// Returns the region of a profile, or of the default one, or of the instance.
pub async fn region(profile: Option<&str>) -> Option<String> {
    let config = config(None);
    let mut of_profile = ProfileFileRegionProvider::builder().configure(&config);
    if let Some(name) = profile {
        of_profile = of_profile.profile_name(name);
    }
    let of_instance = ImdsRegionProvider::builder().configure(&config);
    let of_instance = of_instance.imds_client(metadata(&config)).build();
    let chain = RegionProviderChain::first_try(of_profile.build()).or_else(of_instance);
    chain.region().await.map(|region| region.to_string())
}

/// Returns credentials and the provider that renews them. They are those of the profile, if one is
/// named: the variables of the environment, which come first in the chain, may be another account's.
pub async fn credentials(
    profile: Option<&str>,
    region: &str,
) -> Result<(Credentials, SharedCredentialsProvider)> {
    let config = config(Some(Region::new(region.to_owned())));
    let provider = match profile {
        Some(name) => SharedCredentialsProvider::new(
            ProfileFileCredentialsProvider::builder().configure(&config).profile_name(name).build(),
        ),
        None => {
            let chain = DefaultCredentialsChain::builder().imds_client(metadata(&config));
            let region = Region::new(region.to_owned());
            SharedCredentialsProvider::new(chain.region(region).configure(config).build().await)
        }
    };
    let credentials = provider.provide_credentials().await.map_err(|error| {
        let source = profile.map_or_else(String::new, |name| format!(" in the profile {name}"));
        Failure::new(format!(
            "no credentials{source}: set AWS_PROFILE or --profile, or log in again with `aws sso \
             login` or `aws login` ({})",
            causes(&error),
        ))
    })?;
    let first = Mutex::new(Some(credentials.clone()));
    Ok((credentials, SharedCredentialsProvider::new(Loaded { first, provider })))
}

fn config(region: Option<Region>) -> ProviderConfig {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(10))
        .operation_timeout(Duration::from_secs(30))
        .build();
    ProviderConfig::without_region()
        .with_http_client(Network::new(CONNECT))
        .with_timeout_config(timeouts)
        .with_region(region)
}

/// Returns a client of the instance's metadata that tries once, like AWS's command line.
fn metadata(config: &ProviderConfig) -> imds::Client {
    imds::Client::builder().configure(config).max_attempts(1).build()
}

/// A provider that was asked once already: it hands that result out first, so that no process is run
/// and no role assumed a second time.
#[derive(Debug)]
struct Loaded {
    first: Mutex<Option<Credentials>>,
    provider: SharedCredentialsProvider,
}

impl ProvideCredentials for Loaded {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        match self.first.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(credentials) => future::ProvideCredentials::ready(Ok(credentials)),
            None => self.provider.provide_credentials(),
        }
    }
}

/// Returns an error's text with those of its causes, on one line.
fn causes(error: &dyn Error) -> String {
    let mut texts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    texts.dedup();
    texts.join(": ").split_whitespace().collect::<Vec<_>>().join(" ")
}
