//! `cargo openapi`: writes the files that are generated from the code, `openapi.json` and
//! `docs/problems.md`.

use std::process::ExitCode;

use tests::contract::files;

fn main() -> ExitCode {
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
