//! The Lambda function `create-review`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("create-review") },
        reviews::create_review::handle,
    )
    .await
}
