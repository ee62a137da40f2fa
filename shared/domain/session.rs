//! Sessions, each of which is one login on one device, and the security item that holds them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::Duration;

use super::ids::SessionId;
use super::time::Timestamp;
use super::user::{AccountStatus, Role};

/// The most sessions of one user. A further login ends the oldest session.
pub const MAX_SESSIONS: usize = 20;

/// How long a session lasts; rotating its refresh token does not extend it.
pub const SESSION_LIFETIME: Duration = Duration::days(30);

/// A user's security item, read before every signed-in request to decide whether it is allowed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Security {
    /// The user's role.
    pub role: Role,
    /// Whether the account is active or disabled.
    pub status: AccountStatus,
    /// The version of the credential's password. A login that verified an older one begins no
    /// session.
    #[serde(default)]
    pub password_version: u32,
    /// The user's sessions, including expired ones.
    #[serde(default)]
    pub sessions: BTreeMap<SessionId, Session>,
}

impl Security {
    /// Returns a session; `None` if it has ended or expired, or if the account is disabled.
    pub fn active_session(&self, id: SessionId, now: Timestamp) -> Option<&Session> {
        let session = self.sessions.get(&id)?;
        (self.status == AccountStatus::Active && session.expires_at > now).then_some(session)
    }
}

/// One login on one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The digest of the current refresh token.
    pub refresh_digest: String,
    /// The refresh token before it, which a client may send again if it did not get the response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousRefresh>,
    /// When the user logged in.
    pub created_at: Timestamp,
    /// When the session expires.
    pub expires_at: Timestamp,
}

/// A used refresh token and its successor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousRefresh {
    /// The successor, encrypted with a key that can only be derived from the used token.
    pub sealed_successor: String,
    /// When it was used.
    pub used_at: Timestamp,
}

/// The change that replaces a session's refresh token by the next one.
#[derive(Debug)]
pub struct Rotation {
    /// The digest of the used refresh token.
    pub used: String,
    /// The session with the next refresh token.
    pub next: Session,
    /// The user's other sessions whose `previous` can no longer be used, by the time at which that
    /// token was used. The same write removes it, so that the item stays small.
    pub stale: BTreeMap<SessionId, Timestamp>,
}
