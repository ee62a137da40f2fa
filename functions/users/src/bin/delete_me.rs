//! The Lambda function `delete-me`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("delete-me") },
        users::delete_me::handle,
    )
    .await
}
