//! A replacement of `cargo` for the emulator.
//!
//! The emulator runs `cargo run --bin …` for every instance of every function, and restarts them
//! all when a file changes: forty Cargo processes would wait for each other's lock, and each would
//! report the same compile error. Instead the emulator's `PATH` finds this program as `cargo`: its
//! first process builds all functions, the others wait for that build, and each then replaces
//! itself by its function (`exec`). For any other arguments it replaces itself by Cargo.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde::{Deserialize, Serialize};

use crate::failure::{Explain, Result};

/// The variable that carries a [`CargoShim`].
const VARIABLE: &str = "BODEGA_CARGO_SHIM";

/// The variable in which Lambda's runtime finds the host of its API.
const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// The settings of the shim.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CargoShim {
    /// The `PATH` on which the real Cargo is found.
    pub path: OsString,
    /// Cargo's arguments that build every function.
    pub build: Vec<String>,
    /// The folder in which Cargo puts the binaries.
    pub programs: PathBuf,
    /// The URL from which functions get their events, instead of the emulator's own.
    pub runtime_api: String,
    /// A folder for the shim's files.
    pub folder: PathBuf,
    /// Whether to never build again.
    pub frozen: bool,
}

impl CargoShim {
    /// Creates the link `cargo` to this program; returns the environment variables for the
    /// emulator.
    pub fn install(&self) -> Result<[(&'static str, OsString); 2]> {
        let installing = || format!("can't prepare {}", self.folder.display());
        let program = self.folder.join("cargo");
        std::fs::create_dir_all(&self.folder).explain(installing)?;
        let _ = std::fs::remove_file(&program);
        let ours = std::env::current_exe().explain(installing)?;
        std::os::unix::fs::symlink(ours, program).explain(installing)?;

        let folders = std::env::split_paths(&self.path);
        let path = std::env::join_paths([self.folder.clone()].into_iter().chain(folders));
        let settings = serde_json::to_string(self).explain(installing)?;
        Ok([("PATH", path.explain(installing)?), (VARIABLE, settings.into())])
    }

    /// Builds all functions if necessary, then replaces this process by the function `name`.
    fn become_function(&self, name: &str, arguments: &[OsString]) -> ExitCode {
        let program = self.programs.join(name);
        if !self.frozen && !matches!(self.build_once(), Ok(true)) {
            return ExitCode::FAILURE;
        }
        if !program.exists() {
            return self.become_cargo(arguments);
        }
        let mut function = Command::new(program);
        function.env("PATH", &self.path).env_remove(VARIABLE);
        if let Some(emulators) =
            std::env::var_os(RUNTIME_API).and_then(|api| api.into_string().ok())
        {
            function.env(RUNTIME_API, self.runtime_api_in_place_of(&emulators));
        }
        become_program(&mut function)
    }

    /// Returns the URL of our runtime API with the path of the emulator's, which has a form such as
    /// `http://127.0.0.1:9000/.rt/place-order`.
    fn runtime_api_in_place_of(&self, emulators: &str) -> String {
        let rest = emulators.split_once("://").map_or(emulators, |(_, rest)| rest);
        let path = rest.find('/').map_or("", |slash| &rest[slash..]);
        format!("{}{path}", self.runtime_api)
    }

    fn become_cargo(&self, arguments: &[OsString]) -> ExitCode {
        become_program(self.cargo().args(arguments))
    }

    fn cargo(&self) -> Command {
        let mut cargo = Command::new("cargo");
        cargo.env("PATH", &self.path).env_remove(VARIABLE);
        cargo
    }

    /// Builds all functions, unless another process has started a build after this call began: that
    /// build has read the same files or newer ones. Returns whether the build succeeded.
    ///
    /// Builds are numbered, so that a process can tell which builds have started after it.
    fn build_once(&self) -> std::io::Result<bool> {
        self.build_after(self.last_started())
    }

    /// Returns the number of the last build that has started.
    fn last_started(&self) -> u64 {
        BuildLog { folder: &self.folder }.last_started()
    }

    fn build_after(&self, last_started_before: u64) -> std::io::Result<bool> {
        let log = BuildLog { folder: &self.folder };
        let lock = File::create(self.folder.join("lock"))?;
        lock.lock()?;
        if let Some((number, succeeded)) = log.last_finished()
            && number > last_started_before
        {
            return Ok(succeeded);
        }
        let number = log.start()?;
        let succeeded = self.cargo().args(&self.build).status()?.success();
        log.finish(number, succeeded)?;
        Ok(succeeded)
    }
}

/// Two files: the number of the last build that has started, and of the last one that has finished.
struct BuildLog<'a> {
    folder: &'a Path,
}

impl BuildLog<'_> {
    /// Returns the number of the last build that has started; 0 before the first build. Another
    /// process may be writing the file: if it can't be parsed, returns the highest number, so that
    /// no build counts as newer.
    fn last_started(&self) -> u64 {
        match std::fs::read_to_string(self.folder.join("started")) {
            Ok(text) => text.trim_end().parse().unwrap_or(u64::MAX),
            Err(_) => 0,
        }
    }

    fn last_finished(&self) -> Option<(u64, bool)> {
        let text = std::fs::read_to_string(self.folder.join("finished")).ok()?;
        let (number, succeeded) = text.trim_end().split_once(' ')?;
        Some((number.parse().ok()?, succeeded == "succeeded"))
    }

    fn start(&self) -> std::io::Result<u64> {
        let last = self.last_started();
        let number = if last == u64::MAX { 1 } else { last + 1 };
        let mut file = File::create(self.folder.join("started"))?;
        writeln!(file, "{number}")?;
        Ok(number)
    }

    fn finish(&self, number: u64, succeeded: bool) -> std::io::Result<()> {
        let outcome = if succeeded { "succeeded" } else { "failed" };
        std::fs::write(self.folder.join("finished"), format!("{number} {outcome}\n"))
    }
}

/// Runs the shim if this program was started as `cargo`; else returns `None`.
pub fn main() -> Option<ExitCode> {
    let mut arguments = std::env::args_os();
    let called = PathBuf::from(arguments.next()?);
    let settings = std::env::var_os(VARIABLE)?;
    if called.file_name()? != "cargo" {
        return None;
    }
    let cargo_shim: CargoShim = serde_json::from_str(settings.to_str()?).ok()?;
    let arguments: Vec<_> = arguments.collect();
    Some(match function(&arguments) {
        Some(name) => cargo_shim.become_function(name, &arguments),
        None => cargo_shim.become_cargo(&arguments),
    })
}

/// Returns the function's name in the arguments `run … --bin NAME`.
fn function(arguments: &[OsString]) -> Option<&str> {
    if arguments.first()? != "run" {
        return None;
    }
    let before = arguments.iter().position(|argument| argument == "--bin")?;
    arguments.get(before + 1)?.to_str()
}

/// Replaces this process by `command`; returns only if that fails.
fn become_program(command: &mut Command) -> ExitCode {
    let error = command.exec();
    eprintln!("cargo dev: can't run {}: {error}", command.get_program().display());
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cargo_shim(name: &str) -> CargoShim {
        let folder = std::env::temp_dir().join(format!("bodega-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        CargoShim {
            path: folder.clone().into(),
            build: vec!["build".to_owned()],
            programs: folder.clone(),
            runtime_api: "http://127.0.0.1:4711".to_owned(),
            folder,
            frozen: false,
        }
    }

    /// Creates a `cargo` that takes 0.3 s and writes a line into a file; returns that file.
    fn slow_cargo(cargo_shim: &CargoShim, outcome: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;

        let calls = cargo_shim.folder.join("calls");
        let script = format!(
            "#!/bin/sh\necho built >> {}\n/bin/sleep 0.3\nexit {outcome}\n",
            calls.display()
        );
        let cargo = cargo_shim.folder.join("cargo");
        std::fs::write(&cargo, script).unwrap();
        std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
        calls
    }

    fn lines(file: &Path) -> usize {
        std::fs::read_to_string(file).unwrap_or_default().lines().count()
    }

    #[test]
    fn concurrent_processes_share_a_build() {
        for (outcome, succeeded) in [("0", true), ("1", false)] {
            let cargo_shim = cargo_shim(&format!("shim-{outcome}"));
            let calls = slow_cargo(&cargo_shim, outcome);
            let all_started = std::sync::Barrier::new(20);
            std::thread::scope(|scope| {
                for _ in 0..20 {
                    scope.spawn(|| {
                        let last_started_before = cargo_shim.last_started();
                        all_started.wait();
                        assert_eq!(cargo_shim.build_after(last_started_before).unwrap(), succeeded);
                    });
                }
            });
            assert_eq!(lines(&calls), 1, "builds");
            std::fs::remove_dir_all(cargo_shim.folder).unwrap();
        }
    }

    #[test]
    fn a_later_process_builds_again() {
        let cargo_shim = cargo_shim("shim-later");
        let calls = slow_cargo(&cargo_shim, "0");
        for built in 1..=3 {
            assert!(cargo_shim.build_once().unwrap());
            assert_eq!(lines(&calls), built);
        }
        std::fs::remove_dir_all(cargo_shim.folder).unwrap();
    }

    #[test]
    fn a_function_gets_our_runtime_api_with_the_emulators_path() {
        let cargo_shim = cargo_shim("shim-api");
        let api = |emulators| cargo_shim.runtime_api_in_place_of(emulators);
        let ours = "http://127.0.0.1:4711/.rt/place-order";
        assert_eq!(api("http://127.0.0.1:9000/.rt/place-order"), ours);
        assert_eq!(api("127.0.0.1:9000/.rt/place-order"), ours);
        assert_eq!(api("127.0.0.1:9000"), "http://127.0.0.1:4711");
    }

    #[test]
    fn only_the_command_that_runs_a_function_is_handled() {
        let arguments = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        let run = arguments("run --quiet --manifest-path Cargo.toml --bin get-health");
        assert_eq!(function(&run), Some("get-health"));
        assert_eq!(function(&arguments("metadata --no-deps")), None);
        assert_eq!(function(&arguments("run --example tour")), None);
    }
}
