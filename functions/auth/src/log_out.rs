//! `POST /auth/logout`: ends the caller's session, or all of them.
//!
//! For callers with an access token, which may have expired, or with `{refresh_token}`; the access
//! token counts if its session still exists. 204; all tokens of the session fail from the next
//! request on. 204 also if the session has already ended; 401 without a token that the shop issued.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::invalid::Invalid;
use shared::domain::patch::Optional;
use shared::domain::problem_code::ProblemCode;
use shared::domain::schema;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::sessions;
use shared::{Ctx, Result};

#[derive(Deserr, JsonSchema)]
#[schemars(rename = "LogoutBody", deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    #[deserr(default, from(Optional<String>) = Optional::into)]
    #[schemars(default, schema_with = "schema::optional::<String>")]
    refresh_token: Option<String>,
    #[deserr(default)]
    all: Option<bool>,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Log out")
        .describe("Ends the session of the access token, which may have expired, or of the refresh token; with `all`, all sessions of the user.")
        .optional_bearer()
        .optional_body::<Body>()
        .responds(Success::no_content("The session has ended."))
        .refuses(&[ProblemCode::Unauthenticated])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let Body { refresh_token, all } = request.json_or_empty()?;

    let all = all.unwrap_or_default();
    sessions::end(ctx, request.bearer(), refresh_token.as_deref(), all).await?;

    Ok(Response::no_content())
}
