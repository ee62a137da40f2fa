//! The Lambda function `cancel-order`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("cancel-order") },
        orders::cancel_order::handle,
    )
    .await
}
