//! The options of `cargo dev`.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use lexopt::{Arg, Parser, ValueExt};

use crate::failure::{Failure, Result};
use crate::serve::reachable;

/// The help text.
pub const HELP: &str = "\
cargo dev: runs the whole shop on this machine, without a cloud account

Usage: cargo dev [options]

  --host ADDR       IP address to listen on [127.0.0.1]; use 172.17.0.1 for containers on Linux;
                    0.0.0.0 allows access from your whole network
  --port N          port of the API [9000]
  --db-port N       port of the database [8000]
  --ssm-port N      port of the parameter store [9300]
  --mail-port N     port of the mailbox [9100]
  --data DIR        folder of all data [.local]
  --fresh           delete all data first
  --no-demo         don't load the demo data
  --no-watch        don't rebuild functions when a file changes
  --release         build the functions with the release profile, as for a deployment
  --concurrency N   most instances per function [2]
  --json            print the functions' own log lines, which are JSON objects
  --db-only         start only database, parameter store and mailbox, for `cargo lambda watch`
  --help            show this text
";

/// The options of `cargo dev`, with their defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The IP address that all parts listen on.
    pub host: IpAddr,
    /// Port of the API.
    pub port: u16,
    /// Port of the database.
    pub db_port: u16,
    /// Port of the parameter store.
    pub ssm_port: u16,
    /// Port of the mailbox.
    pub mail_port: u16,
    /// The folder of all data.
    pub data: PathBuf,
    /// Whether to delete all data first.
    pub fresh: bool,
    /// Whether to load the demo data.
    pub demo: bool,
    /// Whether to rebuild functions when a file changes.
    pub watch: bool,
    /// Whether to build with the release profile.
    pub release: bool,
    /// The most instances per function.
    pub concurrency: u16,
    /// Whether to print the functions' own log lines.
    pub json: bool,
    /// Whether to start only database, parameter store and mailbox.
    pub db_only: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            host: Ipv4Addr::LOCALHOST.into(),
            port: 9000,
            db_port: 8000,
            ssm_port: 9300,
            mail_port: 9100,
            data: PathBuf::from(".local"),
            fresh: false,
            demo: true,
            watch: true,
            release: false,
            concurrency: 2,
            json: false,
            db_only: false,
        }
    }
}

impl Options {
    /// Parses the arguments; `None` if they ask for the help text.
    pub fn parse<A>(arguments: impl IntoIterator<Item = A>) -> Result<Option<Self>>
    where
        A: Into<OsString>,
    {
        let mut options = Self::default();
        let mut parser = Parser::from_args(arguments);
        while let Some(argument) = parser.next().map_err(misuse)? {
            match argument {
                Arg::Long("host") => options.host = address(&mut parser)?,
                Arg::Long("port") => options.port = number(&mut parser, "--port")?,
                Arg::Long("db-port") => options.db_port = number(&mut parser, "--db-port")?,
                Arg::Long("ssm-port") => options.ssm_port = number(&mut parser, "--ssm-port")?,
                Arg::Long("mail-port") => options.mail_port = number(&mut parser, "--mail-port")?,
                Arg::Long("data") => options.data = parser.value().map_err(misuse)?.into(),
                Arg::Long("fresh") => options.fresh = true,
                Arg::Long("no-demo") => options.demo = false,
                Arg::Long("no-watch") => options.watch = false,
                Arg::Long("release") => options.release = true,
                Arg::Long("concurrency") => {
                    options.concurrency = number(&mut parser, "--concurrency")?;
                }
                Arg::Long("json") => options.json = true,
                Arg::Long("db-only") => options.db_only = true,
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                unknown => return Err(misuse(unknown.unexpected())),
            }
        }
        Ok(Some(options))
    }

    /// Returns the address to connect to for the part that listens on `port`.
    pub fn reached_at(&self, port: u16) -> SocketAddr {
        reachable((self.host, port).into())
    }

    /// Returns the ports to listen on, each with the option that changes it.
    pub fn ports(&self) -> Vec<(u16, &'static str)> {
        let mut ports = vec![
            (self.db_port, "--db-port"),
            (self.ssm_port, "--ssm-port"),
            (self.mail_port, "--mail-port"),
        ];
        if !self.db_only {
            ports.push((self.port, "--port"));
        }
        ports
    }
}

fn address(parser: &mut Parser) -> Result<IpAddr> {
    let text = parser.value().and_then(|value| value.string()).map_err(misuse)?;
    text.parse().map_err(|_| {
        Failure::new(format!("--host takes an IP address of this machine, not «{text}»"))
    })
}

/// Parses the value of an option as a number of at least 1.
fn number<T: FromStr + Default + PartialEq>(parser: &mut Parser, option: &str) -> Result<T> {
    let text = parser.value().and_then(|value| value.string()).map_err(misuse)?;
    let number = text.parse().ok().filter(|number| *number != T::default());
    number.ok_or_else(|| {
        Failure::new(format!("{option} takes a number from 1 to 65535, not «{text}»"))
    })
}

fn misuse(error: lexopt::Error) -> Failure {
    Failure::new(format!("{error}; `cargo dev --help` lists the options"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Options>> {
        Options::parse(line.split_whitespace())
    }

    #[test]
    fn without_arguments_all_options_have_their_defaults() {
        assert_eq!(parse(""), Ok(Some(Options::default())));
    }

    #[test]
    fn every_option_is_understood() {
        let line = "--host 172.17.0.1 --port 1 --db-port=2 --ssm-port 3 --mail-port 5 --data there --fresh --no-demo --no-watch \
                    --release --concurrency 4 --json --db-only";
        let all = Options {
            host: [172, 17, 0, 1].into(),
            port: 1,
            db_port: 2,
            ssm_port: 3,
            mail_port: 5,
            data: "there".into(),
            fresh: true,
            demo: false,
            watch: false,
            release: true,
            concurrency: 4,
            json: true,
            db_only: true,
        };
        assert_eq!(parse(line), Ok(Some(all)));
        assert_eq!(parse("--port 1 --help"), Ok(None));
    }

    #[test]
    fn a_mistake_names_the_option() {
        for (line, named) in [
            ("--prot 9000", "--prot"),
            ("--host", "--host"),
            ("--host localhost", "--host"),
            ("--port", "--port"),
            ("--port many", "--port"),
            ("--port 0", "--port"),
            ("--port 65536", "--port"),
            ("--fresh=yes", "--fresh"),
            ("now", "now"),
        ] {
            let words = parse(line).unwrap_err().to_string();
            assert!(words.contains(named), "{line}: {words}");
        }
    }

    #[test]
    fn parts_that_listen_on_all_addresses_are_reached_by_loopback() {
        let options = parse("--host 0.0.0.0").unwrap().unwrap();
        assert_eq!(options.reached_at(9000).to_string(), "127.0.0.1:9000");
    }

    #[test]
    fn the_help_names_every_port_option() {
        for (_, option) in Options::default().ports() {
            assert!(HELP.contains(option), "{option}");
        }
    }
}
