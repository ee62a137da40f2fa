//! The Lambda function `list-inventory`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("list-inventory") },
        inventory::list_inventory::handle,
    )
    .await
}
