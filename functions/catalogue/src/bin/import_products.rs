//! The Lambda function `import-products`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(
        const { shared::http::routes::named("import-products") },
        catalogue::import_products::handle,
    )
    .await
}
