//! The Lambda function `create-product`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("create-product") },
        catalogue::create_product::handle,
    )
    .await
}
