//! The Lambda function `expire-orders`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run_job(
        const { shared::jobs::named("expire-orders") },
        orders::expire_orders::handle,
    )
    .await
}
