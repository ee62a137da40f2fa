//! The Lambda function `add-cart-item`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("add-cart-item") },
        cart::add_cart_item::handle,
    )
    .await
}
