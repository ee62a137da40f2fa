//! The Lambda function `get-docs`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("get-docs") },
        platform::get_docs::handle,
    )
    .await
}
