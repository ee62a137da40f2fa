//! The Lambda function `get-jwks`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("get-jwks") },
        platform::get_jwks::handle,
    )
    .await
}
