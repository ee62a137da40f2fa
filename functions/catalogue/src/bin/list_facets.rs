//! The Lambda function `list-facets`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run_with_catalogue(
        const { shared::http::routes::named("list-facets") },
        catalogue::list_facets::handle,
    )
    .await
}
