//! Sessions: one login on one device each, and the account they belong to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::Duration;

use super::ids::SessionId;
use super::time::Timestamp;
use super::user::{AccountStatus, Role};

/// The most sessions of one person; one more ends the oldest.
pub const MAX_SESSIONS: usize = 20;

/// How long a session lasts, however often it is renewed.
pub const SESSION_LIFETIME: Duration = Duration::days(30);

/// What decides, before every signed-in request, whether its caller may go on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Security {
    /// What the person may do.
    pub role: Role,
    /// Whether the person may come in.
    pub status: AccountStatus,
    /// The credential's: under an older one no session begins.
    #[serde(default)]
    pub password_version: u32,
    /// Where the person is logged in.
    #[serde(default)]
    pub sessions: BTreeMap<SessionId, Session>,
}

impl Security {
    /// The session, unless it has ended or nobody of this account may come in.
    pub fn living(&self, id: SessionId, now: Timestamp) -> Option<&Session> {
        let session = self.sessions.get(&id)?;
        (self.status == AccountStatus::Active && session.expires_at > now).then_some(session)
    }
}

/// One login on one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The digest of the refresh token that works now.
    pub refresh_digest: String,
    /// The refresh token before it, which may still be on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousRefresh>,
    /// When the person logged in.
    pub created_at: Timestamp,
    /// When the session ends by itself.
    pub expires_at: Timestamp,
}

/// A refresh token that has been used, and what it led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousRefresh {
    /// Its successor, sealed under a key that only the bearer of the used token can derive.
    pub sealed_successor: String,
    /// When it was used.
    pub used_at: Timestamp,
}

/// A session's way from one refresh token to the next.
#[derive(Debug)]
pub struct Rotation {
    /// The digest of the token that was used.
    pub used: String,
    /// The session as it is then.
    pub next: Session,
    /// Other sessions whose previous token has had its time, and since when it was used: what they
    /// keep of it goes in the same write, so that the item stays small.
    pub stale: BTreeMap<SessionId, Timestamp>,
}
