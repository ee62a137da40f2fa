//! The Lambda function `delete-user`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("delete-user") },
        users::delete_user::handle,
    )
    .await
}
