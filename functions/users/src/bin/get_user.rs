//! The Lambda function `get-user`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(const { shared::http::routes::named("get-user") }, users::get_user::handle)
        .await
}
