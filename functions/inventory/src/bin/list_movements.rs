//! The Lambda function `list-movements`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("list-movements") },
        inventory::list_movements::handle,
    )
    .await
}
