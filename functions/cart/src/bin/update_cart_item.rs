//! The Lambda function `update-cart-item`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("update-cart-item") },
        cart::update_cart_item::handle,
    )
    .await
}
