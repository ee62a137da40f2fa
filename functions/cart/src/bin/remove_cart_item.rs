//! The Lambda function `remove-cart-item`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("remove-cart-item") },
        cart::remove_cart_item::handle,
    )
    .await
}
