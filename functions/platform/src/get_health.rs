//! `GET /health`: whether the shop can reach its database.
//!
//! Public, for monitoring. 200 `healthy`, or 503 `unhealthy`.

use serde::Serialize;
use shared::http::{Request, Response};
use shared::{Ctx, Result};

#[derive(Serialize)]
struct Health {
    status: &'static str,
    database: &'static str,
}

pub async fn handle(ctx: &Ctx, _request: Request) -> Result<Response> {
    match ctx.store.ping().await {
        true => Response::ok(&Health { status: "healthy", database: "connected" }),
        false => Response::unavailable(&Health { status: "unhealthy", database: "disconnected" }),
    }
}
