//! The Lambda function `get-product`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("get-product") },
        catalogue::get_product::handle,
    )
    .await
}
