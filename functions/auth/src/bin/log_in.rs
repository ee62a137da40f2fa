//! The Lambda function `log-in`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(const { shared::http::routes::named("log-in") }, auth::log_in::handle).await
}
