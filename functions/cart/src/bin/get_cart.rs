//! The Lambda function `get-cart`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(const { shared::http::routes::named("get-cart") }, cart::get_cart::handle)
        .await
}
