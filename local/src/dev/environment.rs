//! The environment variables of the functions.
//!
//! Sets the variables that depend on the options, and the AWS credentials, so that a real account's
//! are never used. All others are in `.cargo/config.toml`; the developer's environment overrides
//! those.

use shared::config::Config;

use super::options::Options;
use crate::demo;
use crate::failure::{Explain, Result};

/// The table's name.
pub const TABLE: &str = "bodega";
/// The AWS region that the functions get.
pub const REGION: &str = "us-east-1";
/// The access key ID that signs requests to the database.
pub const ACCESS_KEY_ID: &str = "local";

/// Returns the variables that `cargo dev` sets, as name and value.
pub fn of(options: &Options) -> Vec<(&'static str, String)> {
    let at = |port| format!("http://{}", options.reached_at(port));
    vec![
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        // Empty counts as absent: a session token of the developer would not match these keys.
        ("AWS_SESSION_TOKEN", String::new()),
        ("AWS_ENDPOINT_URL_DYNAMODB", at(options.db_port)),
        ("AWS_ENDPOINT_URL_SSM", at(options.ssm_port)),
        ("AWS_ENDPOINT_URL_SESV2", at(options.mail_port)),
        ("API_URL", at(options.port)),
        ("TABLE_NAME", TABLE.to_owned()),
        ("TOKEN_ISSUER", demo::ISSUER.to_owned()),
    ]
}

/// Returns the settings as the functions will read them, to load the demo data before they start.
pub fn config(options: &Options) -> Result<Config> {
    let ours = of(options);
    Config::read(|name| {
        let set = ours.iter().find(|(ours, _)| *ours == name).map(|(_, value)| value.clone());
        set.or_else(|| std::env::var_os(name)?.into_string().ok())
    })
    .explain(|| "can't start")
}
