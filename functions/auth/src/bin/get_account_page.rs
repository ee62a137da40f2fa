//! The Lambda function `get-account-page`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("get-account-page") },
        auth::get_account_page::handle,
    )
    .await
}
