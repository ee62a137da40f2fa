//! The Lambda function `resend-verification`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("resend-verification") },
        auth::resend_verification::handle,
    )
    .await
}
