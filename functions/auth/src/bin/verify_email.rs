//! The Lambda function `verify-email`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("verify-email") },
        auth::verify_email::handle,
    )
    .await
}
