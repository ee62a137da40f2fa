//! The Lambda function `list-orders`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("list-orders") },
        orders::list_orders::handle,
    )
    .await
}
