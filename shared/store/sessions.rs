//! Security items: an account's role, status and sessions, which are read before every request with
//! an access token.

use std::collections::BTreeMap;

use super::ChangedMeanwhile;
use super::credentials::{PASSWORD_VERSION, has_password};
use super::expression::{exists, is, present, smaller_than};
use super::item::{Item, from_item, to_item};
use super::keys;
use super::read::Read;
use super::table::{Store, Written};
use super::write::{Changes, NewItem, OldItem, Write};
use crate::domain::access::Access;
use crate::domain::error::{Error, Result};
use crate::domain::ids::{SessionId, UserId};
use crate::domain::session::{MAX_SESSIONS, Rotation, Security, Session};
use crate::domain::user::{AccountStatus, Role};

/// Access to the security items.
#[derive(Debug, Clone, Copy)]
pub struct Sessions<'a>(&'a Store);

/// The result of beginning a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// The session exists.
    Yes,
    /// The account was deleted or is not active, or its password was changed.
    NotAllowed,
    /// The account already has [`MAX_SESSIONS`] sessions.
    Full {
        /// The session that began first.
        oldest: SessionId,
    },
}

const SESSIONS: &str = "sessions";

/// No sessions.
const NO_SESSIONS: BTreeMap<SessionId, Session> = BTreeMap::new();

impl Store {
    /// Returns access to the security items.
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions(self)
    }
}

impl Sessions<'_> {
    /// Returns an account's security item, by a strongly consistent read: a logout or a disabled
    /// account takes effect with the next request.
    pub async fn get(self, user: UserId) -> Result<Option<Security>> {
        let item = self.0.get(keys::security(user), Read::Consistent).await?;
        item.map(from_item).transpose()
    }

    /// Returns the write that creates the security item of a new account.
    pub fn create<R>(self, user: UserId, access: Access) -> Result<Write<R, NewItem>> {
        let Access { role, status } = access;
        let security = Security { role, status, password_version: 0, sessions: NO_SESSIONS };
        Ok(Write::create_new(to_item("security", keys::security(user), &security)?))
    }

    /// Begins a session of an active account. If `password` is given, the password must still have
    /// this version. If `instead_of` names a session, the new one replaces it.
    pub async fn begin(
        self,
        user: UserId,
        id: SessionId,
        session: &Session,
        password: Option<u32>,
        instead_of: Option<SessionId>,
    ) -> Result<Begun> {
        let mut condition = is("status", AccountStatus::Active);
        if let Some(version) = password {
            condition = condition.and(has_password(version));
        }
        let mut write = Write::update(keys::security(user)).set(&path(id), session);
        condition = condition.and(match instead_of {
            None => smaller_than(SESSIONS, MAX_SESSIONS),
            Some(oldest) => {
                write = write.remove(&path(oldest));
                present(&path(oldest))
            }
        });
        let write = write.when_with_item(condition, move |item| not_begun(item, id, password));
        Ok(match self.0.update(write).await? {
            Written::Done(_) => Begun::Yes,
            Written::Refused(begun) => begun,
        })
    }

    /// Replaces a session's refresh token by the next one; false if the session no longer has the
    /// token that was used, the session or the account was deleted, or another session was
    /// refreshed concurrently.
    pub async fn rotate(self, user: UserId, id: SessionId, rotation: &Rotation) -> Result<bool> {
        let refresh_digest = format!("{}.refresh_digest", path(id));
        let mut condition =
            is("status", AccountStatus::Active).and(is(&refresh_digest, &rotation.used));
        let mut write = Write::update(keys::security(user)).set(&path(id), &rotation.next);
        for (other, used_at) in &rotation.stale {
            let previous = format!("{}.previous", path(*other));
            condition = condition.and(is(&format!("{previous}.used_at"), used_at));
            write = write.remove(&previous);
        }
        Ok(self.0.update(write.when(condition, || ())).await?.is_done())
    }

    /// Ends one session; its tokens fail from the next request on. Does nothing if it has already
    /// ended.
    pub async fn end(self, user: UserId, id: SessionId) -> Result<()> {
        let write = Write::update(keys::security(user)).remove(&path(id));
        self.0.update(write.when(present(SESSIONS), || ())).await.map(drop)
    }

    /// Ends every session of an account. Does nothing if the account was deleted.
    pub async fn end_all(self, user: UserId) -> Result<()> {
        let write = Write::update(keys::security(user)).set(SESSIONS, &NO_SESSIONS);
        self.0.update(write.when(exists(), || ())).await.map(drop)
    }

    /// Returns the write that records a new version of the password and ends every session but one,
    /// including those that begin concurrently with the old version; refused if that session was
    /// refreshed since it was read.
    pub fn end_others_for_new_password(
        self,
        user: UserId,
        id: SessionId,
        session: &Session,
        password_version: u32,
    ) -> Write<ChangedMeanwhile, Changes> {
        let refresh_digest = format!("{}.refresh_digest", path(id));
        Write::update(keys::security(user))
            .set(SESSIONS, &BTreeMap::from([(id, session)]))
            .set(PASSWORD_VERSION, &password_version)
            .when(is(&refresh_digest, &session.refresh_digest), || ChangedMeanwhile)
    }

    /// Returns the write that records a new version of the password and ends every session; refused
    /// if the account was deleted.
    pub fn end_all_for_new_password(
        self,
        user: UserId,
        password_version: u32,
    ) -> Write<ChangedMeanwhile, Changes> {
        Write::update(keys::security(user))
            .set(SESSIONS, &NO_SESSIONS)
            .set(PASSWORD_VERSION, &password_version)
            .when(exists(), || ChangedMeanwhile)
    }

    /// Returns the write that changes an account's role and status and ends every session; refused
    /// if they were changed concurrently. A session that is refreshed concurrently stays ended: the
    /// refresh requires that it exists.
    pub fn replace_access(
        self,
        user: UserId,
        before: Access,
        after: Access,
    ) -> Write<ChangedMeanwhile, Changes> {
        let unchanged = is("role", before.role).and(is("status", before.status));
        Write::update(keys::security(user))
            .set("role", &after.role)
            .set("status", &after.status)
            .set(SESSIONS, &NO_SESSIONS)
            .when(unchanged, || ChangedMeanwhile)
    }

    /// Returns the write that makes an account an admin's and keeps its sessions; refused if it was
    /// deleted.
    pub fn promote(self, user: UserId) -> Write<ChangedMeanwhile, Changes> {
        Write::update(keys::security(user))
            .set("role", &Role::Admin)
            .when(exists(), || ChangedMeanwhile)
    }

    /// Returns the write that deletes an account's security item; refused if it no longer has this
    /// role.
    pub fn delete(self, user: UserId, role: Role) -> Write<ChangedMeanwhile, OldItem> {
        Write::delete(keys::security(user)).when(is("role", role), || ChangedMeanwhile)
    }
}

/// Returns the path of a session within the security item.
fn path(id: SessionId) -> String {
    format!("{SESSIONS}.{id}")
}

/// Returns why a session was not begun, by the current item. If an earlier response was lost, the
/// session already exists.
fn not_begun(item: Option<Item>, new: SessionId, password: Option<u32>) -> Result<Begun> {
    let Some(security) = item.map(from_item::<Security>).transpose()? else {
        return Ok(Begun::NotAllowed);
    };
    let is_changed = password.is_some_and(|version| version != security.password_version);
    if security.status != AccountStatus::Active || is_changed {
        return Ok(Begun::NotAllowed);
    }
    if security.sessions.contains_key(&new) {
        return Ok(Begun::Yes);
    }
    let oldest = security.sessions.iter().min_by_key(|(_, session)| session.created_at);
    let (oldest, _) = oldest.ok_or_else(|| Error::internal("no session to end"))?;
    Ok(Begun::Full { oldest: *oldest })
}
