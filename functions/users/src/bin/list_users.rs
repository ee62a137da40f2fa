//! The Lambda function `list-users`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("list-users") },
        users::list_users::handle,
    )
    .await
}
