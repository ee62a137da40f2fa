//! What an operator does with a shop from their own machine: `cargo shop COMMAND`.
//!
//! | module | what |
//! |---|---|
//! | [`options`] | the command line, and the help text |
//! | [`shop`] | finds the shop to work on: its table, region and endpoint |
//! | [`credentials`] | AWS's chain of credentials and regions, which no function has |
//! | [`rebuild`] | `cargo shop rebuild` |
//! | [`listed`] | what the catalogue lists at present, for a rebuild |
//! | [`api`] | the shop's HTTP API, as an admin calls it |
//! | [`importing`] | `cargo shop import` |
//! | [`import`] | reads the products of a file |
//! | [`exporting`] | `cargo shop export` |
//! | [`password`] | asks for an admin's password |
//!
//! A command has a file of its own, and a variant of [`options::Command`]. It writes its progress to
//! stderr; its result is a text for stdout, or a [`failure::Failure`].

pub mod api;
pub mod credentials;
pub mod exporting;
pub mod failure;
pub mod import;
pub mod importing;
pub mod listed;
pub mod options;
pub mod password;
pub mod rebuild;
pub mod shop;

use std::ffi::OsString;
use std::process::ExitCode;

use lambda_http::tracing::subscriber;
use lambda_http::tracing::subscriber::filter::{LevelFilter, Targets};
use lambda_http::tracing::subscriber::layer::SubscriberExt;
use lambda_http::tracing::subscriber::util::SubscriberInitExt;

use self::failure::{Failure, Result};
use self::options::{Command, Exported, Options};
use self::shop::Shop;

/// What a command says when it has ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Output {
    /// The text for stdout.
    pub text: String,
    /// Whether everything was done; if not, the text says what is left to a person.
    pub is_complete: bool,
}

/// The exit code of a command that has done what it can, and has left the rest to a person.
const INCOMPLETE: u8 = 3;

/// The exit code of a command line that can't be read.
const MISUSED: u8 = 2;

/// Runs `cargo shop` with the arguments and the environment of this process.
pub async fn main() -> ExitCode {
    log_warnings();
    let options = match Options::parse_from_arguments(std::env::args_os().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            // Help is asked for, and goes to stdout.
            let code = if error.use_stderr() { MISUSED } else { 0 };
            let _ = error.print();
            return code.into();
        }
    };
    match execute(options, shared::config::variable).await {
        Ok(Output { text, is_complete }) => {
            print!("{text}");
            if is_complete { ExitCode::SUCCESS } else { INCOMPLETE.into() }
        }
        Err(failure) => {
            eprintln!("cargo shop: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command; returns its output. `variable` returns the value of an environment variable.
pub async fn run<A: Into<OsString>>(
    arguments: impl IntoIterator<Item = A>,
    variable: impl Fn(&'static str) -> Option<String>,
) -> Result<Output> {
    let options = Options::parse_from_arguments(arguments);
    let options = options.map_err(|error| Failure::new(error.to_string()))?;
    execute(options, variable).await
}

async fn execute(
    options: Options,
    variable: impl Fn(&'static str) -> Option<String>,
) -> Result<Output> {
    let variable = |name| variable(name).filter(|value| !value.is_empty());
    match options.command {
        Command::Rebuild(options) => {
            let shop = Shop::open(&options.shop, &variable).await?;
            let text = rebuild::run(shop, &options, &variable).await?;
            Ok(Output { text, is_complete: true })
        }
        Command::Import(options) => importing::run(&options, &variable).await,
        Command::Export(Exported::Products(options)) => exporting::run(&options, &variable).await,
    }
}

/// Writes the shop's own warnings and errors to stderr, such as why a product can't be read.
fn log_warnings() {
    let format = subscriber::fmt::layer()
        .compact()
        .without_time()
        .with_target(false)
        .with_writer(std::io::stderr);
    let levels = Targets::new().with_target("shared", LevelFilter::WARN);
    subscriber::registry().with(format).with(levels).init();
}
