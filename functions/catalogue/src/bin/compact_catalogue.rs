//! The Lambda function `compact-catalogue`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run_job(
        const { shared::jobs::named("compact-catalogue") },
        catalogue::compact_catalogue::handle,
    )
    .await
}
