//! Starts and stops child processes.

use std::ffi::OsStr;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, ChildStdout, Command};

use crate::failure::{Explain, Failure, Result};

/// How long a program may take to end after SIGTERM, before it gets SIGKILL.
const TIMEOUT: Duration = Duration::from_secs(6);

/// A running program with a process group of its own; dropping this value stops the group. A Ctrl-C
/// in the terminal reaches only `cargo dev`, which stops its parts in order.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
}

impl Program {
    /// Starts `command`; `name` is used in error messages.
    pub fn start(name: &str, command: &mut Command) -> Result<Self> {
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .spawn()
            .explain(|| format!("can't start {name}"))?;
        Ok(Self { name: name.to_owned(), child })
    }

    /// Returns its standard output, once, if `command` had it piped.
    pub fn output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Waits until the program ends, and returns its status.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        self.child.wait().await.explain(|| format!("can't wait for {}", self.name))
    }

    /// Waits until the program ends; fails unless it was successful.
    pub async fn succeeds(mut self) -> Result<()> {
        let status = self.ended().await?;
        if status.success() {
            Ok(())
        } else {
            Err(Failure::new(format!("{} failed: {status}", self.name)))
        }
    }

    fn group(&self) -> Option<Pid> {
        let id = i32::try_from(self.child.id()?).ok()?;
        Some(Pid::from_raw(id))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let Some(group) = self.group() else { return };
        let _ = killpg(group, Signal::SIGTERM);
        let end = Instant::now() + TIMEOUT;
        while let Ok(None) = self.child.try_wait() {
            if Instant::now() > end {
                let _ = killpg(group, Signal::SIGKILL);
                let _ = self.child.try_wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Creates a command without the environment variables that Cargo has set for *this* package.
///
/// Some build scripts, such as `ring`'s, run again when one of these variables changes: inherited,
/// they would cause half of the dependencies to be rebuilt.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_about_our_package) {
            command.env_remove(name);
        }
    }
    command
}

fn is_about_our_package(name: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || ["CARGO", "CARGO_PRIMARY_PACKAGE", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"]
            .contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_developers_own_variables_are_inherited() {
        for (name, ours) in [
            ("CARGO_PKG_NAME", true),
            ("CARGO_MANIFEST_DIR", true),
            ("CARGO", true),
            ("CARGO_HOME", false),
            ("CARGO_TARGET_DIR", false),
            ("CARGO_BUILD_JOBS", false),
            ("PATH", false),
        ] {
            assert_eq!(is_about_our_package(name), ours, "{name}");
        }
    }
}
