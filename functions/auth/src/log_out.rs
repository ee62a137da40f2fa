//! `POST /auth/logout`: ends the caller's session, or all of them.
//!
//! Anybody who shows a session, by bearer token, also an expired one, or by `{refresh_token}`; the
//! bearer wins if its session lives. All tokens of the session fail from the next request on. Logging
//! out again is 204 too and ends nothing more; 401 without a token of ours.

use deserr::Deserr;
use shared::domain::invalid::Invalid;
use shared::domain::patch::Optional;
use shared::http::{Request, Response};
use shared::services::sessions;
use shared::{Ctx, Result};

#[derive(Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    #[deserr(default, from(Optional<String>) = Optional::into)]
    refresh_token: Option<String>,
    #[deserr(default)]
    all: Option<bool>,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let Body { refresh_token, all } = request.json_or_empty()?;

    let all = all.unwrap_or_default();
    sessions::end(ctx, request.bearer(), refresh_token.as_deref(), all).await?;

    Ok(Response::no_content())
}
