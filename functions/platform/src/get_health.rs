//! `GET /health`: whether the shop can reach its database.
//!
//! Public, for monitoring. 200 `healthy`, or 503 `unhealthy`.

use lambda_http::http::StatusCode;
use schemars::JsonSchema;
use serde::Serialize;
use shared::http::contract::{Contract, ResponseHeader, Success};
use shared::http::{Request, Response};
use shared::{Ctx, Result};

#[derive(Serialize, JsonSchema)]
struct Health {
    #[schemars(extend("enum" = ["healthy", "unhealthy"]))]
    status: &'static str,
    #[schemars(extend("enum" = ["connected", "disconnected"]))]
    database: &'static str,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Check the health of the shop")
        .responds(Success::ok::<Health>("The shop can reach its database."))
        .responds(
            Success::json::<Health>(
                StatusCode::SERVICE_UNAVAILABLE,
                "The shop can't reach its database.",
            )
            .with(&[ResponseHeader::RetryAfter]),
        )
        .without_failures()
}

pub async fn handle(ctx: &Ctx, _request: Request) -> Result<Response> {
    match ctx.store.ping().await {
        true => Response::ok(&Health { status: "healthy", database: "connected" }),
        false => Response::unavailable(&Health { status: "unhealthy", database: "disconnected" }),
    }
}
