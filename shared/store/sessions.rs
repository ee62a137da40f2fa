//! Security items: an account's role, status and sessions, which `run` reads before every signed-in
//! request.

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

/// The security items of the table.
#[derive(Debug, Clone, Copy)]
pub struct Sessions<'a>(&'a Store);

/// How beginning a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// It is there.
    Yes,
    /// The account is not active, or its password is another one.
    NotAllowed,
    /// The account has [`MAX_SESSIONS`]; this is the oldest of them.
    Full {
        /// Began first.
        oldest: SessionId,
    },
}

const SESSIONS: &str = "sessions";

/// Logged in nowhere.
const NO_SESSIONS: BTreeMap<SessionId, Session> = BTreeMap::new();

impl Store {
    /// Sessions, and the role and status of the accounts that they belong to.
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions(self)
    }
}

impl Sessions<'_> {
    /// An account's security item. Always consistent: a logout or a ban holds from the next request
    /// on.
    pub async fn get(self, user: UserId) -> Result<Option<Security>> {
        let item = self.0.get(keys::security(user), Read::Consistent).await?;
        item.map(from_item).transpose()
    }

    /// The write that makes the security item of a new account.
    pub fn create<R>(self, user: UserId, access: Access) -> Result<Write<R, NewItem>> {
        let Access { role, status } = access;
        let security = Security { role, status, password_version: 0, sessions: NO_SESSIONS };
        Ok(Write::create_new(to_item("security", keys::security(user), &security)?))
    }

    /// Begins a session of an active account, under this version of its password where one was
    /// verified; `instead_of` names a session that ends with it.
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

    /// Replaces a session's refresh token by the next one; false where it was no longer the one that
    /// was used, the session or the account is gone, or another session was renewed.
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

    /// Ends one session; its tokens fail from the next request on. One that has ended stays so.
    pub async fn end(self, user: UserId, id: SessionId) -> Result<()> {
        let write = Write::update(keys::security(user)).remove(&path(id));
        self.0.update(write.when(present(SESSIONS), || ())).await.map(drop)
    }

    /// Ends every session of an account.
    pub async fn end_all(self, user: UserId) -> Result<()> {
        let write = Write::update(keys::security(user)).set(SESSIONS, &NO_SESSIONS);
        self.0.update(write.when(exists(), || ())).await.map(drop)
    }

    /// The write that notes a new version of the password and ends every session but this one, also
    /// those that are just beginning under the old version; refused where it was renewed in between.
    pub fn keep_only(
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

    /// The write that notes a new version of the password and ends every session; refused where the
    /// account is gone.
    pub fn keep_none(
        self,
        user: UserId,
        password_version: u32,
    ) -> Write<ChangedMeanwhile, Changes> {
        Write::update(keys::security(user))
            .set(SESSIONS, &NO_SESSIONS)
            .set(PASSWORD_VERSION, &password_version)
            .when(exists(), || ChangedMeanwhile)
    }

    /// The write that changes what an account may do, and ends every session. One that is renewed at
    /// the same time does not come back: its renewal wants it there.
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

    /// The write that makes an account an admin's and leaves its sessions; refused where it is gone.
    pub fn promote(self, user: UserId) -> Write<ChangedMeanwhile, Changes> {
        Write::update(keys::security(user))
            .set("role", &Role::Admin)
            .when(exists(), || ChangedMeanwhile)
    }

    /// The write that deletes an account's security item, where its role is still this one.
    pub fn delete(self, user: UserId, role: Role) -> Write<ChangedMeanwhile, OldItem> {
        Write::delete(keys::security(user)).when(is("role", role), || ChangedMeanwhile)
    }
}

/// A session within its item.
fn path(id: SessionId) -> String {
    format!("{SESSIONS}.{id}")
}

/// Why a session was not begun, by the item as it is. An answer may have been lost: then it is there.
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
