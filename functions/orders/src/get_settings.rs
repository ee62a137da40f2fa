//! `GET /settings`: who sells, how orders are shipped, and what they are taxed with.
//!
//! Public. A shop that has no settings yet has empty ones, in version 0.

use shared::domain::settings::Settings;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::store::Read;
use shared::{Ctx, Result};

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Get the shop's settings")
        .describe("Who sells, how orders are shipped, and what they are taxed with.")
        .responds(Success::ok::<Settings>("The settings.").versioned())
}

pub async fn handle(ctx: &Ctx, _: Request) -> Result<Response> {
    let settings = ctx.store.settings().get(Read::Eventual).await?;

    Ok(Response::ok(&settings)?.version(settings.version))
}
