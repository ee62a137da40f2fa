//! The Lambda function `track-order`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("track-order") },
        orders::track_order::handle,
    )
    .await
}
