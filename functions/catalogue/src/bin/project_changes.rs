//! The Lambda function `project-changes`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run_job(
        const { shared::jobs::named("project-changes") },
        catalogue::project_changes::handle,
    )
    .await
}
