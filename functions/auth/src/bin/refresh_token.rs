//! The Lambda function `refresh-token`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("refresh-token") },
        auth::refresh_token::handle,
    )
    .await
}
