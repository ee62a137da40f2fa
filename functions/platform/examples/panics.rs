//! A function whose handler panics, for the smoke test: built with the release profile, it shows
//! that a deployed function survives a panic and responds with 500.

use shared::http::routes::named;
use shared::http::{Request, Response};
use shared::{Ctx, Result};

#[tokio::main(flavor = "current_thread")]
async fn main() -> shared::lambda::Exit {
    shared::lambda::run(const { named("get-health") }, handle).await
}

async fn handle(_ctx: &Ctx, _request: Request) -> Result<Response> {
    panic!("the secret reason");
}
