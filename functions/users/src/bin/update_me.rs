//! The Lambda function `update-me`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("update-me") },
        users::update_me::handle,
    )
    .await
}
