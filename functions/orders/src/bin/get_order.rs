//! The Lambda function `get-order`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("get-order") },
        orders::get_order::handle,
    )
    .await
}
