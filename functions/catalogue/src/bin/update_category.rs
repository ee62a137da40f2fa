//! The Lambda function `update-category`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("update-category") },
        catalogue::update_category::handle,
    )
    .await
}
