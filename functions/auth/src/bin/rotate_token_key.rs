//! The Lambda function `rotate-token-key`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run_job(
        const { shared::jobs::named("rotate-token-key") },
        auth::rotate_token_key::handle,
    )
    .await
}
