//! The Lambda function `route-not-found`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("route-not-found") },
        platform::route_not_found::handle,
    )
    .await
}
