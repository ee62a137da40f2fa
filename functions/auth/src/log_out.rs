//! `POST /auth/logout`: ends the caller's session, or all of them.
//!
//! For callers with an access token, which may have expired, or with `{refresh_token}`; the access
//! token counts if its session still exists. 204; all tokens of the session fail from the next
//! request on. 204 also if the session has already ended; 401 without a token that the shop issued.

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
