//! The Lambda function `place-order`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("place-order") },
        orders::place_order::handle,
    )
    .await
}
