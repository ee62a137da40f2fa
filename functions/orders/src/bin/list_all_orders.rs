//! The Lambda function `list-all-orders`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("list-all-orders") },
        orders::list_all_orders::handle,
    )
    .await
}
