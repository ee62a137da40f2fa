//! What the environment sets, read once at start-up. The only place that reads it.

use std::fmt;
use std::time::Duration;

use crate::domain::money::Currency;

/// The shop's settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// `TABLE_NAME`: the DynamoDB table.
    pub table: String,
    /// `SHOP_CURRENCY`: the one currency of every price. Default `USD`.
    pub currency: Currency,
    /// `ALLOWED_ORIGINS`: the web origins that may call from a browser, separated by commas.
    /// Default none; `*` allows every one.
    pub allowed_origins: Vec<String>,
    /// `TOKEN_ISSUER`: the `iss` and `aud` of access tokens, usually the API's address. Default
    /// `bodega`.
    pub token_issuer: String,
    /// `TOKEN_KEY_PARAMETER`: the SSM parameter with the private key, set for the functions that
    /// issue tokens.
    pub token_key_parameter: Option<String>,
    /// How long to wait for what.
    pub patience: Patience,
    /// Where AWS is and who we are there.
    pub aws: Aws,
}

/// How long to wait. A request that makes several calls, with the database down, still has its
/// answer within three seconds.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For one try of a call.
    pub attempt: Duration,
    /// For a call with all its tries.
    pub call: Duration,
    /// For everything that a request needs.
    pub request: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_millis(700),
            attempt: Duration::from_millis(900),
            call: Duration::from_millis(2_200),
            request: Duration::from_millis(2_800),
        }
    }
}

/// Region, credentials and endpoints; Lambda sets the first four.
#[derive(Clone)]
pub struct Aws {
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: Option<String>,
    /// `AWS_ENDPOINT_URL_DYNAMODB`: another DynamoDB than the region's.
    pub dynamodb_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_SSM`: another Parameter Store than the region's.
    pub ssm_endpoint: Option<String>,
}

/// A setting that is missing or can't be used; the function does not start.
#[derive(Debug, PartialEq, Eq)]
pub struct BadSetting {
    name: &'static str,
    problem: &'static str,
}

impl fmt::Display for BadSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "environment variable {} {}", self.name, self.problem)
    }
}

impl std::error::Error for BadSetting {}

impl Config {
    /// Reads the process's environment.
    pub fn from_env() -> Result<Self, BadSetting> {
        Self::read(variable)
    }

    /// Reads the settings from `variable`, which gives a variable's value.
    pub fn read(variable: impl Fn(&'static str) -> Option<String>) -> Result<Self, BadSetting> {
        let optional = |name| variable(name).filter(|value| !value.is_empty());
        let required = |name| optional(name).ok_or(BadSetting { name, problem: "is not set" });
        let currency = optional("SHOP_CURRENCY").unwrap_or_else(|| "USD".to_owned());
        Ok(Self {
            table: required("TABLE_NAME")?,
            currency: Currency::parse(currency).map_err(|_| BadSetting {
                name: "SHOP_CURRENCY",
                problem: "is no ISO 4217 code in capitals",
            })?,
            allowed_origins: optional("ALLOWED_ORIGINS")
                .map(|list| list.split(',').map(|origin| origin.trim().to_owned()).collect())
                .unwrap_or_default(),
            token_issuer: optional("TOKEN_ISSUER").unwrap_or_else(|| "bodega".to_owned()),
            token_key_parameter: optional("TOKEN_KEY_PARAMETER"),
            patience: Patience::default(),
            aws: Aws {
                region: required("AWS_REGION")?,
                access_key_id: required("AWS_ACCESS_KEY_ID")?,
                secret_access_key: required("AWS_SECRET_ACCESS_KEY")?,
                session_token: optional("AWS_SESSION_TOKEN"),
                dynamodb_endpoint: optional("AWS_ENDPOINT_URL_DYNAMODB"),
                ssm_endpoint: optional("AWS_ENDPOINT_URL_SSM"),
            },
        })
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Aws {{ region: {}, … }}", self.region)
    }
}

/// `SSL_CERT_FILE` or `SSL_CERT_DIR`: certificates of somebody's own, such as a proxy's.
pub fn has_own_certificates() -> bool {
    variable("SSL_CERT_FILE").is_some() || variable("SSL_CERT_DIR").is_some()
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn variable(name: &'static str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &'static str) -> Option<String> {
        match name {
            "TABLE_NAME" => Some("bodega".into()),
            "AWS_REGION" => Some("eu-central-1".into()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("secret".into()),
            _ => None,
        }
    }

    #[test]
    fn a_missing_setting_is_named() {
        let bad = Config::read(|name| environment(name).filter(|_| name != "TABLE_NAME"));
        assert_eq!(bad.unwrap_err().to_string(), "environment variable TABLE_NAME is not set");
    }

    #[test]
    fn a_shop_trades_in_dollars_unless_told_otherwise() {
        assert_eq!(Config::read(environment).unwrap().currency.code(), "USD");
    }

    #[test]
    fn credentials_never_show_in_a_log() {
        let config = Config::read(environment).unwrap();
        assert!(!format!("{config:?}").contains("secret"));
    }
}
