//! The Lambda function `update-settings`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("update-settings") },
        orders::update_settings::handle,
    )
    .await
}
