//! The Lambda function `list-all-reviews`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("list-all-reviews") },
        reviews::list_all_reviews::handle,
    )
    .await
}
