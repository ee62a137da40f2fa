//! Who calls, and whether they may.

use crate::auth::token::Expired;
use crate::context::Ctx;
use crate::domain::caller::{Bearer, Caller};
use crate::domain::error::{Error, Result};

/// Finds out who bears a token. The security item is read consistently, so that logout, a new
/// role and a ban hold from the next request on.
pub async fn identify(ctx: &Ctx, token: &str) -> Result<Caller> {
    let now = ctx.now();
    let Bearer { user_id, session_id } =
        ctx.verifier.verify(token, Expired::Refused, &ctx.store, now).await?;
    let security = ctx.store.sessions().get(user_id).await?.ok_or(Error::Unauthenticated)?;
    security.living(session_id, now).ok_or(Error::Unauthenticated)?;
    Ok(Caller { user_id, session_id, role: security.role })
}
