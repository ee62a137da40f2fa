//! The Lambda function `delete-category`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("delete-category") },
        catalogue::delete_category::handle,
    )
    .await
}
