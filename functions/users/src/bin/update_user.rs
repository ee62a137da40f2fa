//! The Lambda function `update-user`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("update-user") },
        users::update_user::handle,
    )
    .await
}
