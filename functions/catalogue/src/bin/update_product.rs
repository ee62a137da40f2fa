//! The Lambda function `update-product`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("update-product") },
        catalogue::update_product::handle,
    )
    .await
}
