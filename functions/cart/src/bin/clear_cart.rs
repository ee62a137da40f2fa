//! The Lambda function `clear-cart`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("clear-cart") },
        cart::clear_cart::handle,
    )
    .await
}
