//! The Lambda function `get-me`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(const { shared::http::routes::named("get-me") }, users::get_me::handle)
        .await
}
