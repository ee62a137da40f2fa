//! The Lambda function `reset-password`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("reset-password") },
        auth::reset_password::handle,
    )
    .await
}
