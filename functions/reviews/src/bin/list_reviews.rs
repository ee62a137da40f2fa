//! The Lambda function `list-reviews`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("list-reviews") },
        reviews::list_reviews::handle,
    )
    .await
}
