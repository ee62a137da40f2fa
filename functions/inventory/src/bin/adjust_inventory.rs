//! The Lambda function `adjust-inventory`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("adjust-inventory") },
        inventory::adjust_inventory::handle,
    )
    .await
}
