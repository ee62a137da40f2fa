//! The Lambda function `update-review`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("update-review") },
        reviews::update_review::handle,
    )
    .await
}
