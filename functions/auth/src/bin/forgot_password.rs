//! The Lambda function `forgot-password`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("forgot-password") },
        auth::forgot_password::handle,
    )
    .await
}
