//! Who calls, and whether they may.

use super::token::Bearer;
use crate::context::Ctx;
use crate::domain::error::{Error, Result};
use crate::domain::ids::{SessionId, UserId};
use crate::domain::user::{AccountStatus, Role};
use crate::domain::viewer::Viewer;

/// A person whose token and session have been checked for this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The person.
    pub user_id: UserId,
    /// The session.
    pub session_id: SessionId,
    /// What the person may do.
    pub role: Role,
}

impl Caller {
    /// Whether the person runs the shop.
    pub fn is_admin(self) -> bool {
        self.role == Role::Admin
    }

    /// The person and session.
    pub fn bearer(self) -> Bearer {
        Bearer { user_id: self.user_id, session_id: self.session_id }
    }

    /// The person, as orders know their viewers.
    pub fn viewer(self) -> Viewer {
        Viewer { user_id: self.user_id, role: self.role }
    }
}

/// Finds out who bears a token. The security item is read consistently, so that logout, a new
/// role and a ban hold from the next request on.
pub async fn identify(ctx: &Ctx, token: &str) -> Result<Caller> {
    let now = ctx.now();
    let Bearer { user_id, session_id } = ctx.verifier.verify(token, &ctx.store, now).await?;
    let security = ctx.store.security(user_id).await?.ok_or(Error::Unauthenticated)?;
    let session = security.sessions.get(&session_id).ok_or(Error::Unauthenticated)?;
    if security.status != AccountStatus::Active || session.expires_at <= now {
        return Err(Error::Unauthenticated);
    }
    Ok(Caller { user_id, session_id, role: security.role })
}
