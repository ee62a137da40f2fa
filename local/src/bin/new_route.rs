//! `cargo new-route`.

fn main() -> std::process::ExitCode {
    local::new_route::main()
}
