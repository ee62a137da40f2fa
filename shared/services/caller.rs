//! Authentication of callers.

use crate::auth::token::ExpiredTokens;
use crate::context::Ctx;
use crate::domain::caller::{Bearer, Caller};
use crate::domain::error::{Error, Result};

/// Returns the caller that an access token belongs to. Reads the user's security item consistently,
/// so that a logout, a new role or a disabled account takes effect with the next request. 401 if
/// the token is invalid or its session has ended.
pub async fn identify(ctx: &Ctx, token: &str) -> Result<Caller> {
    let now = ctx.now();
    let Bearer { user_id, session_id } =
        ctx.verifier.verify(token, ExpiredTokens::Rejected, &ctx.store, now).await?;
    let security = ctx.store.sessions().get(user_id).await?.ok_or(Error::Unauthenticated)?;
    security.active_session(session_id, now).ok_or(Error::Unauthenticated)?;
    Ok(Caller { user_id, session_id, role: security.role })
}
