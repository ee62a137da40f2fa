//! The Lambda function `delete-product`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("delete-product") },
        catalogue::delete_product::handle,
    )
    .await
}
