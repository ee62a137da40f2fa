//! The Lambda function `log-out`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(const { shared::http::routes::named("log-out") }, auth::log_out::handle)
        .await
}
