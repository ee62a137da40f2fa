//! What the functions find in their environment.
//!
//! Only what follows from the options, and what must never be the developer's own: keys of a
//! real account. The rest is in `.cargo/config.toml`, where the developer's environment wins.

use shared::config::Config;

use super::options::Options;
use crate::demo;
use crate::failure::{Explain, Result};

/// The table's name.
pub const TABLE: &str = "bodega";
/// The region that the functions believe to be in.
pub const REGION: &str = "us-east-1";
/// Whose requests the database gets.
pub const ACCESS_KEY_ID: &str = "local";

/// The variables that `cargo dev` sets.
pub fn of(options: &Options) -> Vec<(&'static str, String)> {
    let at = |port| format!("http://{}", options.reached_at(port));
    vec![
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        // Empty is absent: a token of the developer's own would not fit these keys.
        ("AWS_SESSION_TOKEN", String::new()),
        ("AWS_ENDPOINT_URL_DYNAMODB", at(options.db_port)),
        ("AWS_ENDPOINT_URL_SSM", at(options.ssm_port)),
        ("AWS_ENDPOINT_URL_SESV2", at(options.mail_port)),
        ("API_URL", at(options.port)),
        ("TABLE_NAME", TABLE.to_owned()),
        ("TOKEN_ISSUER", demo::ISSUER.to_owned()),
    ]
}

/// The settings that the functions will read, for what we do ourselves before they start.
pub fn config(options: &Options) -> Result<Config> {
    let ours = of(options);
    Config::read(|name| {
        let set = ours.iter().find(|(ours, _)| *ours == name).map(|(_, value)| value.clone());
        set.or_else(|| std::env::var_os(name)?.into_string().ok())
    })
    .explain(|| "can't start")
}
