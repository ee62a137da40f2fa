//! The Lambda function `get-openapi`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("get-openapi") },
        platform::get_openapi::handle,
    )
    .await
}
