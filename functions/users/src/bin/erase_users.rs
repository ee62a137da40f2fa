//! The Lambda function `erase-users`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run_job(
        const { shared::jobs::named("erase-users") },
        users::erase_users::handle,
    )
    .await
}
