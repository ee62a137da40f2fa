//! The Lambda function `delete-review`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("delete-review") },
        reviews::delete_review::handle,
    )
    .await
}
