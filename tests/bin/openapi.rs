//! `cargo openapi`: writes the files that are generated from the code, `openapi.json` and
//! `docs/problems.md`.
//!
//! `cargo openapi --record FOLDER` records the document's examples before; problems that have no
//! valid example yet come from the folder.
//!
//! `cargo openapi --unmet FOLDER` lists the documented responses that no test has met; the tests
//! note in the folder what they meet if it is in `CONTRACT_COVERAGE`.

use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use tests::contract::coverage::Coverage;
use tests::contract::{document, files, recording};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => write(),
        ["--record", folder] => record(Path::new(folder)),
        ["--unmet", folder] => unmet(Path::new(folder)),
        _ => {
            eprintln!("usage: cargo openapi [--record FOLDER | --unmet FOLDER]");
            ExitCode::from(2)
        }
    }
}

fn write() -> ExitCode {
    for file in files::all() {
        if file.is_current() {
            println!("{} is up to date", file.path);
        } else if let Err(error) = file.write() {
            eprintln!("{} can't be written: {error}", file.path);
            return ExitCode::FAILURE;
        } else {
            println!("{} is written", file.path);
        }
    }
    ExitCode::SUCCESS
}

fn record(folder: &Path) -> ExitCode {
    let coverage = match Coverage::read(folder) {
        Ok(coverage) => coverage,
        Err(error) => {
            eprintln!("{} can't be read: {error}", folder.display());
            return ExitCode::FAILURE;
        }
    };
    let document = document::document(&json!({}));
    let codes = document::codes_of(&document);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    if let Err(error) = runtime.block_on(recording::record(&codes, &coverage.problems)) {
        eprintln!("tests/contract/examples.json can't be written: {error}");
        return ExitCode::FAILURE;
    }
    println!("tests/contract/examples.json is written; run `cargo openapi`");
    ExitCode::SUCCESS
}

fn unmet(folder: &Path) -> ExitCode {
    let coverage = match Coverage::read(folder) {
        Ok(coverage) => coverage,
        Err(error) => {
            eprintln!("{} can't be read: {error}", folder.display());
            return ExitCode::FAILURE;
        }
    };
    let (documented, unmet) = coverage.unmet(&document::document(&json!({})));
    let (checks, milliseconds) = coverage.checks;
    println!("{checks} requests and responses were checked in {milliseconds} ms");
    println!("{documented} documented statuses and problem codes, {} met by no test", unmet.len());
    for line in &unmet {
        eprintln!("no test meets: {line}");
    }
    if unmet.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
