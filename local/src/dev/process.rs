//! Programs we start, and end.

use std::ffi::OsStr;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, Command};

use crate::failure::{Explain, Failure, Result};

/// How long a program may take to end by itself.
const TIMEOUT: Duration = Duration::from_secs(6);

/// A program with a process group of its own, which ends when this is dropped: a Ctrl-C at the
/// terminal reaches only us, and we decide in which order things end.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
}

impl Program {
    /// Starts `command`; `name` is what messages call it.
    pub fn start(name: &str, command: &mut Command) -> Result<Self> {
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .spawn()
            .explain(|| format!("can't start {name}"))?;
        Ok(Self { name: name.to_owned(), child })
    }

    /// Waits until it ends.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        self.child.wait().await.explain(|| format!("lost {}", self.name))
    }

    /// Waits until it ends well.
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

/// A command without what Cargo told *us* about our own package.
///
/// Build scripts (`ring`'s is one) ask to be run again when such a variable changes: handing
/// ours on would compile half of the tree once more.
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
    fn the_developers_own_settings_are_handed_on() {
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
