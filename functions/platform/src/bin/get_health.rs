//! The Lambda function `get-health`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("get-health") },
        platform::get_health::handle,
    )
    .await
}
