//! The Lambda function `change-password`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("change-password") },
        users::change_password::handle,
    )
    .await
}
