//! The Lambda function `deliver-mail`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run_job(
        const { shared::jobs::named("deliver-mail") },
        mail::deliver_mail::handle,
    )
    .await
}
