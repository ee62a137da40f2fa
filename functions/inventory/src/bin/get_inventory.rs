//! The Lambda function `get-inventory`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("get-inventory") },
        inventory::get_inventory::handle,
    )
    .await
}
