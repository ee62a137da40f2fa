//! The shop that a command works on.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use shared::auth::issuer::Issuer;
use shared::config::{Config, Timeouts};
use shared::context::{Clock, Ctx};
use shared::domain::error::Error;
use shared::domain::search_language::SearchLanguage;
use shared::store::Store;

use crate::credentials;
use crate::failure::{Cause, Failure, Result};
use crate::options::ShopOptions;

/// Timeouts for a connection from anywhere.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(3),
    attempt: Duration::from_secs(10),
    call: Duration::from_secs(60),
    request: Duration::MAX,
};

/// What `cargo dev` gives its functions.
pub mod local {
    /// The table.
    pub const TABLE: &str = "bodega";
    /// The URL of the database, unless `--host` or `--db-port` says otherwise.
    pub const ENDPOINT: &str = "http://127.0.0.1:8000";
    /// The region.
    pub const REGION: &str = "us-east-1";
    /// The access key ID, and the secret key.
    pub const ACCESS_KEY: &str = "local";
}

/// A shop whose table exists.
#[derive(Debug)]
pub struct Shop {
    /// The table.
    pub store: Store,
    config: Config,
    is_local: bool,
}

/// Where a table is, and who may call it.
struct Connection {
    table: String,
    region: String,
    endpoint: Option<String>,
    credentials: Credentials,
    provider: SharedCredentialsProvider,
}

impl Shop {
    /// Finds the shop that the options name, and shows on stderr which one it is, before anything is
    /// written.
    pub async fn open(
        options: &ShopOptions,
        variable: &impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self> {
        let connection = match options.is_local {
            true => Connection::local(options),
            false => Connection::deployed(options, variable).await?,
        };
        let config = connection.config()?;
        let store = Store::of_command(&config, connection.provider);
        let shop = Self { store, config, is_local: options.is_local };
        let arn = shop.store.arn().await.map_err(|error| shop.explain(&error))?;
        eprint!("{}", shop.described(&arn));
        Ok(shop)
    }

    /// Returns the context of the services, for texts in this language.
    pub fn context(&self, language: SearchLanguage) -> Ctx {
        let config = Config { search_language: language, ..self.config.clone() };
        Ctx::with(config, self.store.clone(), Issuer::default(), Clock::System)
    }

    /// Says what an error of this shop's table means, and what to do.
    pub fn explain(&self, error: &Error) -> Failure {
        let Config { table, aws, .. } = &self.config;
        let region = &aws.region;
        let endpoint = aws.dynamodb_endpoint.as_deref().unwrap_or("the region's endpoint");
        Failure::new(match Cause::of(error) {
            Cause::NoTable if self.is_local => {
                format!("the database at {endpoint} has no table {table}: is it `cargo dev`'s?")
            }
            Cause::NoTable => format!(
                "this account has no table {table} in {region}: --table takes the output TableName \
                 of a stack, --region the stack's region",
            ),
            Cause::Unavailable(reason) if self.is_local => format!(
                "no database answers at {endpoint}: start `cargo dev`, or name the database that \
                 it shows as --endpoint ({reason})",
            ),
            Cause::Unavailable(reason) => format!(
                "DynamoDB in {region} ({endpoint}) can't be reached or is too busy: check region \
                 and network, or try again later ({reason})",
            ),
            Cause::Refused(remedy, reason) => format!("table {table}: {remedy} ({reason})"),
            Cause::Other(reason) => format!("table {table}: {reason}"),
        })
    }

    /// Says which table it is, on lines of its own. `arn` is
    /// `arn:<partition>:dynamodb:<region>:<account>:table/<name>`.
    fn described(&self, arn: &str) -> String {
        let table = &self.config.table;
        let endpoint = self.config.aws.dynamodb_endpoint.as_deref();
        let endpoint = endpoint.map_or_else(String::new, |url| format!("endpoint  {url}\n"));
        match arn.splitn(6, ':').collect::<Vec<_>>()[..] {
            _ if self.is_local => format!("table     {table} of `cargo dev`\n{endpoint}"),
            [_, _, _, region, account, _] => {
                format!("table     {table}\nregion    {region}\naccount   {account}\n{endpoint}")
            }
            _ => format!("table     {arn}\n{endpoint}"),
        }
    }
}

impl Connection {
    fn local(options: &ShopOptions) -> Self {
        let or = |chosen: &Option<String>, usual: &str| {
            chosen.clone().unwrap_or_else(|| usual.to_owned())
        };
        let key = local::ACCESS_KEY;
        let credentials = Credentials::new(key, key, None, None, "cargo dev");
        Self {
            table: or(&options.table, local::TABLE),
            region: local::REGION.to_owned(),
            endpoint: Some(or(&options.endpoint, local::ENDPOINT)),
            provider: SharedCredentialsProvider::new(credentials.clone()),
            credentials,
        }
    }

    async fn deployed(
        options: &ShopOptions,
        variable: &impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self> {
        let table = options.table.clone().or_else(|| variable("TABLE_NAME"));
        let table = table.ok_or_else(|| {
            Failure::new(
                "which shop? --table takes the output TableName of a stack, --local is the shop of \
                 `cargo dev`",
            )
        })?;
        let profile = options.profile.as_deref();
        let of_environment = || variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
        let region = match options.region.clone().or_else(of_environment) {
            Some(region) => Some(region),
            None => credentials::region(profile).await,
        };
        let region = region.ok_or_else(|| {
            Failure::new("no region: use --region or AWS_REGION, or set `region` in the profile")
        })?;
        let (credentials, provider) = credentials::credentials(profile, &region).await?;
        let endpoint = options.endpoint.clone();
        let endpoint = endpoint.or_else(|| variable("AWS_ENDPOINT_URL_DYNAMODB"));
        let endpoint = endpoint.or_else(|| variable("AWS_ENDPOINT_URL"));
        Ok(Self { table, region, endpoint, credentials, provider })
    }

    /// Returns the settings that the shop's own code reads.
    fn config(&self) -> Result<Config> {
        let config = Config::read(|name| match name {
            "TABLE_NAME" => Some(self.table.clone()),
            "AWS_REGION" => Some(self.region.clone()),
            "AWS_ENDPOINT_URL_DYNAMODB" => self.endpoint.clone(),
            "AWS_ACCESS_KEY_ID" => Some(self.credentials.access_key_id().to_owned()),
            "AWS_SECRET_ACCESS_KEY" => Some(self.credentials.secret_access_key().to_owned()),
            "AWS_SESSION_TOKEN" => self.credentials.session_token().map(str::to_owned),
            _ => None,
        });
        let config = config.map_err(|bad| Failure::new(bad.to_string()))?;
        Ok(Config { timeouts: TIMEOUTS, ..config })
    }
}
