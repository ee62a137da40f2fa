//! The Lambda function `register-user`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("register-user") },
        auth::register_user::handle,
    )
    .await
}
