//! The Lambda function `list-categories`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("list-categories") },
        catalogue::list_categories::handle,
    )
    .await
}
