//! Which documented responses the tests have met.
//!
//! With the environment variable `CONTRACT_COVERAGE`, every test process notes in that folder what
//! it meets. `cargo openapi --unmet` then lists what no test has met.

use std::collections::{HashMap, HashSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

use serde_json::{Map, Value};

use super::example_values;

/// The number of requests and responses that were checked so far.
pub static CHECKS: AtomicU64 = AtomicU64::new(0);

/// The time that the checks took, in nanoseconds.
pub static NANOSECONDS: AtomicU64 = AtomicU64::new(0);

/// Part of a response that a test met.
#[derive(Debug, Clone, Copy)]
pub enum Met<'a> {
    /// The status.
    Response,
    /// A problem code, of the whole or of an invalid field.
    Code(&'a str),
}

fn folder() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOLDER.get_or_init(|| std::env::var_os("CONTRACT_COVERAGE").map(PathBuf::from)).as_deref()
}

/// Notes that an operation has answered with a status or a code.
pub fn record(operation: &str, status: u16, met: Met<'_>) {
    static SEEN: OnceLock<Mutex<HashSet<String>>> = OnceLock::new();
    let Some(folder) = folder() else { return };
    let line = match met {
        Met::Response => format!("{operation} {status}"),
        Met::Code(code) => format!("{operation} {code}"),
    };
    let mut seen = SEEN.get_or_init(Mutex::default).lock().expect("no note panics");
    if seen.contains(&line) {
        return;
    }
    append(&folder.join(format!("{}.met", std::process::id())), &line);
    seen.insert(line);
}

/// Notes a problem document as an example of its code, if it is the shortest so far.
pub fn record_problem(body: &Value) {
    static SHORTEST: OnceLock<Mutex<HashMap<String, String>>> = OnceLock::new();
    let (Some(folder), Some(code)) = (folder(), body["code"].as_str()) else { return };
    let line = example_values::problem(body).to_string();
    let mut shortest = SHORTEST.get_or_init(Mutex::default).lock().expect("no note panics");
    if shortest.get(code).is_none_or(|other| is_shorter(&line, other)) {
        append(&folder.join(format!("{}.problems", std::process::id())), &line);
        shortest.insert(code.to_owned(), line);
    }
}

/// Orders examples, so that a recording does not depend on the order of the tests.
fn is_shorter(one: &str, other: &str) -> bool {
    (one.len(), one) < (other.len(), other)
}

/// Notes how many requests and responses this process has checked so far, and how long it took.
pub fn record_checks() {
    let Some(folder) = folder() else { return };
    let (checks, time) =
        (CHECKS.load(Ordering::Relaxed), NANOSECONDS.load(Ordering::Relaxed) / 1_000_000);
    append(&folder.join(format!("{}.checks", std::process::id())), &format!("{checks} {time}"));
}

fn append(path: &Path, line: &str) {
    let written = path
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| OpenOptions::new().create(true).append(true).open(path))
        .and_then(|mut file| writeln!(file, "{line}"));
    written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// What the test processes have noted in a folder.
pub struct Coverage {
    met: HashSet<String>,
    /// The checked exchanges, and the milliseconds that it took.
    pub checks: (u64, u64),
    /// A problem document of each code that was met.
    pub problems: Map<String, Value>,
}

impl Coverage {
    /// Reads a folder.
    pub fn read(folder: &Path) -> std::io::Result<Self> {
        let (mut met, mut checks, mut problems) = (HashSet::new(), (0, 0), Map::new());
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let text = fs::read_to_string(&path)?;
            if path.extension().is_some_and(|extension| extension == "met") {
                met.extend(text.lines().map(str::to_owned));
            } else if path.extension().is_some_and(|extension| extension == "problems") {
                for line in text.lines() {
                    let problem: Value = serde_json::from_str(line)?;
                    let code = problem["code"].as_str().unwrap_or_default().to_owned();
                    let other = problems.get(&code).map(Value::to_string);
                    if other.is_none_or(|other| is_shorter(line, &other)) {
                        problems.insert(code, problem);
                    }
                }
            } else if let Some((count, time)) =
                text.lines().last().and_then(|it| it.split_once(' '))
            {
                checks.0 += count.parse::<u64>().unwrap_or_default();
                checks.1 += time.parse::<u64>().unwrap_or_default();
            }
        }
        Ok(Self { met, checks, problems })
    }

    /// Returns the number of documented responses and refusals, and those that no test has met.
    pub fn unmet(&self, document: &Value) -> (usize, Vec<String>) {
        let (mut count, mut unmet) = (0, Vec::new());
        for line in documented(document) {
            count += 1;
            if !self.met.contains(&line) {
                unmet.push(line);
            }
        }
        (count, unmet)
    }
}

/// Returns a line for every documented status and problem code of every operation.
fn documented(document: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(_, path)| path.as_object().into_iter().flatten());
    for (_, operation) in operations {
        let name = operation["operationId"].as_str().unwrap_or_default();
        for (status, response) in operation["responses"].as_object().into_iter().flatten() {
            lines.push(format!("{name} {status}"));
            let schema = &response["content"]["application/problem+json"]["schema"];
            let one_of = schema["oneOf"].as_array().into_iter().flatten().chain([schema]);
            for reference in one_of.filter_map(|one| one["$ref"].as_str()) {
                let name_of_schema = reference.rsplit('/').next().unwrap_or_default();
                let problem = &document["components"]["schemas"][name_of_schema];
                let code = problem["properties"]["code"]["const"].as_str().unwrap_or_default();
                lines.push(format!("{name} {code}"));
            }
        }
    }
    lines
}
