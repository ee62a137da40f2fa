//! `cargo dev`.

fn main() -> std::process::ExitCode {
    local::dev::main()
}
