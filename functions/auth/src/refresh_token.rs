//! `POST /auth/refresh`: issues a new access token and the next refresh token of a session.
//!
//! For callers with a refresh token, which can be used once. The same token again within 10 seconds
//! returns the same next refresh token; any other reuse is 401 and ends the session.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::invalid::Invalid;
use shared::domain::problem_code::ProblemCode;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::sessions;
use shared::{Ctx, Result};

use crate::view::LoginView;

#[derive(Deserr, JsonSchema)]
#[schemars(rename = "RefreshBody", deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    refresh_token: String,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Refresh the tokens of a session")
        .describe("A refresh token can be used once. The same token again within 10 seconds returns the same tokens; any other reuse ends the session.")
        .body::<Body>()
        .responds(Success::ok::<LoginView>("The next tokens of the session."))
        .refuses(&[ProblemCode::Unauthenticated])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let body: Body = request.json()?;

    let renewed = sessions::refresh(ctx, &body.refresh_token).await?;

    Response::ok(&LoginView::from(renewed))
}
