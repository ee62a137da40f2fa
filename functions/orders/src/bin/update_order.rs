//! The Lambda function `update-order`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("update-order") },
        orders::update_order::handle,
    )
    .await
}
