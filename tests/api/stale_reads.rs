//! The list of exceptions from stale reads may only get shorter.

use std::collections::BTreeSet;
use std::process::{Command, Output, Stdio};

use tests::bad_day;
use tests::stale_reads::{EXCEPTIONS, StaleReads};

/// Runs this test binary.
fn run(arguments: &[&str]) -> Output {
    let own = std::env::current_exe().expect("a path");
    let mut command = Command::new(own);
    command.args(arguments).env("STALE_READS", "all").stdin(Stdio::null());
    command.output().expect("the tests run")
}

/// Returns the test names in the output lines with this ending.
fn names(output: &Output, end: &str) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let names = text.lines().filter_map(|line| line.strip_suffix(end));
    names.map(|name| name.strip_prefix("test ").unwrap_or(name).to_owned()).collect()
}

#[test]
fn every_exception_names_a_test() {
    let tests = names(&run(&["--list"]), ": test");
    for (exception, _) in EXCEPTIONS {
        assert!(tests.contains(*exception), "tests/stale_reads.rs: there is no test {exception}");
    }
}

#[test]
fn every_exception_from_a_bad_day_names_a_test() {
    let tests = names(&run(&["--list"]), ": test");
    for (exception, _) in bad_day::EXCEPTIONS {
        let is_known = tests.iter().any(|test| bad_day::names(exception, test));
        assert!(is_known, "tests/bad_day.rs: there is no test {exception}");
    }
}

#[test]
fn no_exception_passes_with_stale_reads() {
    // With another database `capacity` counts nothing, so its exception would pass.
    let is_due = StaleReads::of_run() == StaleReads::On && tests::database::is_embedded();
    if !is_due || EXCEPTIONS.is_empty() {
        return;
    }
    let mut arguments = vec!["--exact"];
    arguments.extend(EXCEPTIONS.iter().map(|(exception, _)| exception));
    let passed = names(&run(&arguments), " ... ok");
    assert!(passed.is_empty(), "remove them from EXCEPTIONS in tests/stale_reads.rs: {passed:?}");
}
