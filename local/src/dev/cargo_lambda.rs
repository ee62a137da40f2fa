//! Finds the emulator `cargo-lambda`, or installs it into the project's own folder.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::process::{Program, command};
use crate::failure::{Failure, Result};

/// The version to install.
const VERSION: &str = "1.9.2";
/// The oldest version that works: the first one with `--concurrency`.
const OLDEST: (u32, u32) = (1, 9);

/// Returns the path of a `cargo-lambda` that is new enough; installs one into `tools` if there is
/// none.
pub async fn find_or_install(tools: &Path) -> Result<PathBuf> {
    let on_path = PathBuf::from("cargo-lambda");
    let own = tools.join(format!("cargo-lambda-{VERSION}")).join("bin").join("cargo-lambda");
    for candidate in [&on_path, &own] {
        match version(candidate).await {
            Some(found) if (found.0, found.1) >= OLDEST => return Ok(candidate.clone()),
            Some((major, minor)) => eprintln!(
                "cargo-lambda {major}.{minor} is older than {}.{}: using our own copy",
                OLDEST.0, OLDEST.1
            ),
            None => {}
        }
    }
    install(&own).await
}

/// Returns the major and minor version; `None` if the program can't be run.
async fn version(program: &Path) -> Option<(u32, u32)> {
    let output = command(program)
        .args(["lambda", "--version"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .await
        .ok()?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

/// Parses output such as `cargo-lambda 1.9.2 (67129fc 2026-08-21Z)`.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split_whitespace().nth(1)?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Installs it from its Python package, which contains the program and takes seconds; if that
/// fails, builds it from source, which takes many minutes.
async fn install(own: &Path) -> Result<PathBuf> {
    let folder = own.parent().and_then(Path::parent).unwrap_or(Path::new("."));
    println!("installing cargo-lambda {VERSION} into {} …", folder.display());
    let package = format!("cargo-lambda=={VERSION}");
    let quiet = ["--quiet", "--disable-pip-version-check", "--no-input"];

    // `--no-deps`: the package also depends on a C toolchain of 80 MB, which is not needed here.
    let mut pip = command("python3");
    pip.args(["-m", "pip", "install"]).args(quiet);
    pip.args(["--upgrade", "--no-deps", "--target"]).arg(folder).arg(&package);

    let mut venv = command("python3");
    venv.args(["-m", "venv"]).arg(folder);
    let mut pip_of_venv = command(folder.join("bin").join("python3"));
    pip_of_venv.args(["-m", "pip", "install"]).args(quiet).args(["--no-deps", &package]);

    let mut cargo = command("cargo");
    cargo.args(["install", "--locked", "--force", "--version", VERSION, "--root"]).arg(folder);
    cargo.arg("cargo-lambda");

    let ways = [
        ("pip", vec![pip]),
        ("pip in a virtual environment", vec![venv, pip_of_venv]),
        ("cargo install", vec![cargo]),
    ];
    for (way, commands) in ways {
        if way == "cargo install" {
            println!("building cargo-lambda from source: this takes some 15 minutes, once");
        }
        if all_succeed(way, commands).await && version(own).await.is_some() {
            return Ok(own.to_owned());
        }
    }
    Err(Failure::new(format!(
        "can't install cargo-lambda {VERSION}: install it (https://www.cargo-lambda.info) and start again"
    )))
}

/// Runs commands until one fails; `true` if all have succeeded.
async fn all_succeed(way: &str, commands: Vec<tokio::process::Command>) -> bool {
    for mut command in commands {
        if way != "cargo install" {
            // Its errors do not matter while another way is left to try.
            command.stdout(Stdio::null()).stderr(Stdio::null());
        }
        let Ok(program) = Program::start(way, &mut command) else {
            return false;
        };
        if program.succeeds().await.is_err() {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(parse_version("cargo-lambda 1.9.2 (67129fc 2026-08-21Z)\n"), Some((1, 9)));
        assert_eq!(parse_version("cargo-lambda 2.0.0-rc1"), Some((2, 0)));
        assert_eq!(parse_version("pyenv: cargo-lambda: command not found"), None);
        assert_eq!(parse_version(""), None);
    }
}
