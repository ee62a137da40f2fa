//! Who calls, and whether they may.

use crate::context::Ctx;
use crate::domain::caller::{Bearer, Caller};
use crate::domain::error::{Error, Result};
use crate::domain::user::AccountStatus;

/// Finds out who bears a token. The security item is read consistently, so that logout, a new
/// role and a ban hold from the next request on.
pub async fn identify(ctx: &Ctx, token: &str) -> Result<Caller> {
    let now = ctx.now();
    let Bearer { user_id, session_id } = ctx.verifier.verify(token, &ctx.store, now).await?;
    let security = ctx.store.sessions().get(user_id).await?.ok_or(Error::Unauthenticated)?;
    let session = security.sessions.get(&session_id).ok_or(Error::Unauthenticated)?;
    if security.status != AccountStatus::Active || session.expires_at <= now {
        return Err(Error::Unauthenticated);
    }
    Ok(Caller { user_id, session_id, role: security.role })
}
