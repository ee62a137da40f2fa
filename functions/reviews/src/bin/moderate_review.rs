//! The Lambda function `moderate-review`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("moderate-review") },
        reviews::moderate_review::handle,
    )
    .await
}
