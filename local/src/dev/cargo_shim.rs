//! Stands in for `cargo` where the emulator calls it.
//!
//! The emulator keeps a `cargo run --bin …` for every instance of every function, and starts them
//! all anew when a file changes: with the whole shop running, forty Cargos would wait for each
//! other, and a mistake would be reported forty times. This program is found as `cargo` on the
//! emulator's `PATH` instead: the first one builds all functions, the others wait for that build,
//! and each becomes its function. Every other call is passed on to Cargo.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde::{Deserialize, Serialize};

use crate::failure::{Explain, Result};

/// The variable that carries a [`StandIn`].
const VARIABLE: &str = "BODEGA_CARGO_STAND_IN";

/// Where Lambda's runtime looks for its API.
const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// What the stand-in must know.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StandIn {
    /// The `PATH` with the real Cargo.
    pub path: OsString,
    /// Cargo's arguments that build every function.
    pub build: Vec<String>,
    /// Where Cargo puts the programs.
    pub programs: PathBuf,
    /// Where functions ask for their events, instead of at the emulator itself.
    pub runtime_api: String,
    /// A folder of our own.
    pub folder: PathBuf,
    /// Whether to leave everything as it was built first.
    pub frozen: bool,
}

impl StandIn {
    /// Puts the stand-in in place; gives the variables to start the emulator with.
    pub fn install(&self) -> Result<[(&'static str, OsString); 2]> {
        let installing = || format!("can't prepare {}", self.folder.display());
        let program = self.folder.join("cargo");
        std::fs::create_dir_all(&self.folder).explain(installing)?;
        let _ = std::fs::remove_file(&program);
        let ours = std::env::current_exe().explain(installing)?;
        std::os::unix::fs::symlink(ours, program).explain(installing)?;

        let folders = std::env::split_paths(&self.path);
        let path = std::env::join_paths([self.folder.clone()].into_iter().chain(folders));
        let knowledge = serde_json::to_string(self).explain(installing)?;
        Ok([("PATH", path.explain(installing)?), (VARIABLE, knowledge.into())])
    }

    /// Becomes the function `name`, built from the files as they are now.
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

    /// Our runtime API, at the path of the emulator's: `http://127.0.0.1:9000/.rt/place-order`.
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

    /// Builds all functions, unless another one does so with the files that we would see. Tells
    /// whether the build went well.
    ///
    /// Builds are numbered. One that was numbered after we came reads every file later than we
    /// would have.
    fn build_once(&self) -> std::io::Result<bool> {
        self.build_after(self.last_started())
    }

    /// The number of the last build that has started by now.
    fn last_started(&self) -> u64 {
        BuildLog { folder: &self.folder }.last_started()
    }

    fn build_after(&self, when_we_came: u64) -> std::io::Result<bool> {
        let log = BuildLog { folder: &self.folder };
        let lock = File::create(self.folder.join("lock"))?;
        lock.lock()?;
        if let Some((number, went_well)) = log.last_finished()
            && number > when_we_came
        {
            return Ok(went_well);
        }
        let number = log.start()?;
        let went_well = self.cargo().args(&self.build).status()?.success();
        log.finish(number, went_well)?;
        Ok(went_well)
    }
}

/// Two files: the number of the last build that started, and of the last that finished.
struct BuildLog<'a> {
    folder: &'a Path,
}

impl BuildLog<'_> {
    /// Read while another one may write: what can't be read counts as after every build.
    fn last_started(&self) -> u64 {
        match std::fs::read_to_string(self.folder.join("started")) {
            Ok(text) => text.trim_end().parse().unwrap_or(u64::MAX),
            Err(_) => 0,
        }
    }

    fn last_finished(&self) -> Option<(u64, bool)> {
        let text = std::fs::read_to_string(self.folder.join("finished")).ok()?;
        let (number, went_well) = text.trim_end().split_once(' ')?;
        Some((number.parse().ok()?, went_well == "well"))
    }

    fn start(&self) -> std::io::Result<u64> {
        let last = self.last_started();
        let number = if last == u64::MAX { 1 } else { last + 1 };
        let mut file = File::create(self.folder.join("started"))?;
        writeln!(file, "{number}")?;
        Ok(number)
    }

    fn finish(&self, number: u64, went_well: bool) -> std::io::Result<()> {
        let outcome = if went_well { "well" } else { "badly" };
        std::fs::write(self.folder.join("finished"), format!("{number} {outcome}\n"))
    }
}

/// Runs as `cargo`, if that is what we were called as.
pub fn main() -> Option<ExitCode> {
    let mut arguments = std::env::args_os();
    let called = PathBuf::from(arguments.next()?);
    let knowledge = std::env::var_os(VARIABLE)?;
    if called.file_name()? != "cargo" {
        return None;
    }
    let stand_in: StandIn = serde_json::from_str(knowledge.to_str()?).ok()?;
    let arguments: Vec<_> = arguments.collect();
    Some(match function(&arguments) {
        Some(name) => stand_in.become_function(name, &arguments),
        None => stand_in.become_cargo(&arguments),
    })
}

/// The function's name in `run … --bin NAME`.
fn function(arguments: &[OsString]) -> Option<&str> {
    if arguments.first()? != "run" {
        return None;
    }
    let before = arguments.iter().position(|argument| argument == "--bin")?;
    arguments.get(before + 1)?.to_str()
}

/// Only comes back if that fails.
fn become_program(command: &mut Command) -> ExitCode {
    let error = command.exec();
    eprintln!("cargo dev: can't run {}: {error}", command.get_program().display());
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand_in(name: &str) -> StandIn {
        let folder = std::env::temp_dir().join(format!("bodega-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        StandIn {
            path: folder.clone().into(),
            build: vec!["build".to_owned()],
            programs: folder.clone(),
            runtime_api: "http://127.0.0.1:4711".to_owned(),
            folder,
            frozen: false,
        }
    }

    /// A `cargo` that takes a moment, and writes a line each time it is called.
    fn slow_cargo(stand_in: &StandIn, outcome: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;

        let calls = stand_in.folder.join("calls");
        let script = format!(
            "#!/bin/sh\necho built >> {}\n/bin/sleep 0.3\nexit {outcome}\n",
            calls.display()
        );
        let cargo = stand_in.folder.join("cargo");
        std::fs::write(&cargo, script).unwrap();
        std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
        calls
    }

    fn lines(file: &Path) -> usize {
        std::fs::read_to_string(file).unwrap_or_default().lines().count()
    }

    #[test]
    fn many_at_once_share_a_build() {
        for (outcome, went_well) in [("0", true), ("1", false)] {
            let stand_in = stand_in(&format!("stand-in-{outcome}"));
            let calls = slow_cargo(&stand_in, outcome);
            let all_have_come = std::sync::Barrier::new(20);
            std::thread::scope(|scope| {
                for _ in 0..20 {
                    scope.spawn(|| {
                        let when_we_came = stand_in.last_started();
                        all_have_come.wait();
                        assert_eq!(stand_in.build_after(when_we_came).unwrap(), went_well);
                    });
                }
            });
            assert_eq!(lines(&calls), 1, "builds");
            std::fs::remove_dir_all(stand_in.folder).unwrap();
        }
    }

    #[test]
    fn one_that_comes_later_builds_anew() {
        let stand_in = stand_in("stand-in-later");
        let calls = slow_cargo(&stand_in, "0");
        for built in 1..=3 {
            assert!(stand_in.build_once().unwrap());
            assert_eq!(lines(&calls), built);
        }
        std::fs::remove_dir_all(stand_in.folder).unwrap();
    }

    #[test]
    fn a_function_asks_us_for_its_events_at_the_emulators_path() {
        let stand_in = stand_in("stand-in-api");
        let api = |emulators| stand_in.runtime_api_in_place_of(emulators);
        let ours = "http://127.0.0.1:4711/.rt/place-order";
        assert_eq!(api("http://127.0.0.1:9000/.rt/place-order"), ours);
        assert_eq!(api("127.0.0.1:9000/.rt/place-order"), ours);
        assert_eq!(api("127.0.0.1:9000"), "http://127.0.0.1:4711");
    }

    #[test]
    fn only_running_a_function_is_ours() {
        let arguments = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        let run = arguments("run --quiet --manifest-path Cargo.toml --bin get-health");
        assert_eq!(function(&run), Some("get-health"));
        assert_eq!(function(&arguments("metadata --no-deps")), None);
        assert_eq!(function(&arguments("run --example tour")), None);
    }
}
