//! `POST /auth/logout`: ends the caller's session, or all of them.
//!
//! Anybody who shows a session, by bearer token or by `{refresh_token}`; the bearer wins if it is
//! good. 401 without either. All tokens of the session fail from the next request on.

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
