//! The Lambda function `get-settings`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("get-settings") },
        orders::get_settings::handle,
    )
    .await
}
