//! The Lambda function `set-inventory`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("set-inventory") },
        inventory::set_inventory::handle,
    )
    .await
}
