//! Runs built functions as Lambda does.

mod runtime;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

use self::runtime::Runtime;
use crate::demo::root;

/// A running function.
pub struct Function {
    process: Child,
    log: Option<JoinHandle<Vec<String>>>,
    runtime: Runtime,
    /// The time from its start to its first request for an event.
    pub started: Duration,
}

/// The output of a function that failed to start.
pub struct Failed {
    /// The error that it reported to Lambda.
    pub init_error: Value,
    /// The lines of its log.
    pub log: Vec<String>,
    /// Its standard error.
    pub stderr: String,
}

impl Function {
    /// Starts a function that must fail to start, and waits until it has ended.
    pub fn fail(name: &str, environment: &[(&str, String)]) -> Failed {
        let runtime = Runtime::start();
        let path = target().join("lambda").join(name).join("bootstrap");
        let mut command = Command::new(&path);
        prepare(&mut command, environment, &runtime);
        let output = command.output().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!output.status.success(), "{name} started without its setting");
        let log = String::from_utf8(output.stdout).expect("a text");
        Failed {
            init_error: runtime.init_error(),
            log: log.lines().map(str::to_owned).collect(),
            stderr: String::from_utf8(output.stderr).expect("a text"),
        }
    }

    /// Starts a binary that `cargo lambda build --release` built.
    pub fn start(name: &str, environment: &[(&str, String)]) -> Self {
        let path = target().join("lambda").join(name).join("bootstrap");
        Self::run(Command::new(path), environment)
    }

    /// Starts an example that the same command built with `--lambda-dir target/smoke`.
    pub fn start_example(name: &str, environment: &[(&str, String)]) -> Self {
        let path = target().join("smoke").join(name).join("bootstrap");
        Self::run(Command::new(path), environment)
    }

    /// Starts a command that runs a function.
    pub fn run(mut command: Command, environment: &[(&str, String)]) -> Self {
        let runtime = Runtime::start();
        prepare(&mut command, environment, &runtime);
        command.stdout(Stdio::piped());
        let before = Instant::now();
        let mut process =
            command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}; build it first"));
        let started = runtime.first_poll().duration_since(before);
        let output = BufReader::new(process.stdout.take().expect("a pipe"));
        let log = std::thread::spawn(move || output.lines().map_while(Result::ok).collect());
        Self { process, log: Some(log), runtime, started }
    }

    /// Sends it an event, and returns its response.
    pub fn invoke(&self, event: &Value) -> Value {
        self.runtime.invoke(event)
    }

    /// Sends it an event, and kills it after some time, whatever it is doing.
    pub fn kill_while(mut self, event: &Value, after: Duration) {
        self.runtime.send(event);
        std::thread::sleep(after);
        self.end();
    }

    /// Returns its peak memory, in KiB.
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()));
        let status = status.expect("Linux knows");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number =
            line.and_then(|line| line.split_whitespace().next()).and_then(|n| n.parse().ok());
        number.expect("a number of KiB")
    }

    /// Returns the processor time that it has used, in ticks of 10 ms.
    pub fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id()));
        let stat = stat.expect("Linux knows");
        // The name of the process, in parentheses, may contain spaces.
        let (_, fields) = stat.rsplit_once(')').expect("a name");
        let ticks = fields.split_whitespace().skip(11).take(2);
        let ticks: u64 = ticks.map(|ticks| ticks.parse::<u64>().expect("a number")).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Returns the id of its process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Stops it, and returns the lines that it wrote.
    pub fn log(mut self) -> Vec<String> {
        self.end();
        self.log.take().map(|log| log.join().expect("a log")).unwrap_or_default()
    }

    fn end(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        self.end();
    }
}

/// Gives a function the environment in which Lambda starts it.
fn prepare(command: &mut Command, environment: &[(&str, String)], runtime: &Runtime) {
    command
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .env("AWS_LAMBDA_RUNTIME_API", runtime.address.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "smoke")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256");
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}
