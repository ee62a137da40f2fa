//! The Lambda function `list-products`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run_with_catalogue(
        const { shared::http::routes::named("list-products") },
        catalogue::list_products::handle,
    )
    .await
}
