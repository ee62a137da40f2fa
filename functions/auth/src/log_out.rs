//! `POST /auth/logout`: ends the caller's session, or all of them.
//!
//! Anybody who shows a session, by bearer token or by `{refresh_token}`; the bearer wins if it is
//! good. 401 without either. All tokens of the session fail from the next request on.

use deserr::Deserr;
use shared::domain::caller::Bearer;
use shared::domain::invalid::Invalid;
use shared::http::{Request, Response};
use shared::services::{caller, sessions};
use shared::{Ctx, Error, Result};

#[derive(Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    #[deserr(default)]
    refresh_token: Option<String>,
    #[deserr(default)]
    all: Option<bool>,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let body: Body = request.json_or_empty()?;
    let Bearer { user_id, session_id } = whose(ctx, request.bearer(), body.refresh_token).await?;

    match body.all {
        Some(true) => ctx.store.end_all_sessions(user_id).await?,
        _ => ctx.store.end_session(user_id, session_id).await?,
    }

    Ok(Response::no_content())
}

/// A session must be open to its bearer's going when its access token has expired, too.
async fn whose(ctx: &Ctx, access: Option<&str>, refresh: Option<String>) -> Result<Bearer> {
    if let Some(token) = access {
        match caller::identify(ctx, token).await {
            Err(Error::Unauthenticated) if refresh.is_some() => {}
            caller => return caller.map(|caller| caller.bearer()),
        }
    }
    sessions::bearer_of(ctx, &refresh.ok_or(Error::Unauthenticated)?).await
}
