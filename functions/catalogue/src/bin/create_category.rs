//! The Lambda function `create-category`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("create-category") },
        catalogue::create_category::handle,
    )
    .await
}
