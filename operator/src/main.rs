//! `cargo shop`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    operator::main().await
}
