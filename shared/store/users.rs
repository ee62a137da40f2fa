//! Accounts: credential, profile, and the security item with the sessions.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::db::{Read, Store, Updated};
use super::item::{Item, from_item, key_item, number, text, to_item, value};
use super::keys::{self, USERS_BY_NAME};
use super::transaction_old::{Outcome, Verdict, Write, pauses, unique_token};
use super::user_list::listed;
use super::{admins, outbox};
use crate::domain::credential::Credential;
use crate::domain::email::Email;
use crate::domain::error::{Error, Result};
use crate::domain::ids::{SessionId, UserId};
use crate::domain::message::Event;
use crate::domain::patch::{Patch, Replace};
use crate::domain::session::{MAX_SESSIONS, Rotation, Security, Session};
use crate::domain::time::Timestamp;
use crate::domain::user::{AccountStatus, NameKey, ProfileChange, Role, User};

/// How making an account ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Created {
    /// There is an account now that was not there.
    Account,
    /// The address has an account already; nothing was changed.
    AddressTaken,
}

/// The people of the table.
#[derive(Debug, Clone, Copy)]
pub struct Users<'a>(&'a Store);

impl Store {
    /// People with an account.
    pub fn users(&self) -> Users<'_> {
        Users(self)
    }
}

impl Users<'_> {
    /// A person's profile.
    pub async fn get(self, id: UserId, read: Read) -> Result<Option<User>> {
        let item = self.0.get(keys::profile(id), read).await?;
        item.map(from_item).transpose()
    }
}

impl Store {
    /// Makes an account whose address nobody has.
    pub async fn create_user(&self, user: &User, password_hash: &str) -> Result<Created> {
        let mut writes = new_account(user, password_hash)?;
        let nobody = (Role::Customer, AccountStatus::Active);
        writes.extend(admins::enter(user.id, nobody, (user.role, user.status)));
        match self.transact_old(user.id.uuid(), &writes).await? {
            Outcome::Committed => Ok(Created::Account),
            Outcome::Refused(_) => Ok(Created::AddressTaken),
        }
    }

    /// What opens an account, by the address.
    pub async fn credential(&self, email: &Email) -> Result<Option<Credential>> {
        let item = self.get(keys::credential(email), Read::Consistent).await?;
        item.map(from_item).transpose()
    }

    /// A person's profile. It may lag behind by a moment; only that there is none is certain, for
    /// whoever has just come would be sent away.
    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        match self.get(keys::profile(id), Read::Eventual).await? {
            Some(item) => from_item(item).map(Some),
            None => self.fresh_user(id).await,
        }
    }

    /// A person's profile as it is now.
    pub async fn fresh_user(&self, id: UserId) -> Result<Option<User>> {
        let item = self.get(keys::profile(id), Read::Consistent).await?;
        item.map(from_item).transpose()
    }

    /// A person's security item. Always consistent: a logout or a ban bites on the next request.
    pub async fn security(&self, id: UserId) -> Result<Option<Security>> {
        let item = self.get(keys::security(id), Read::Consistent).await?;
        item.map(from_item).transpose()
    }

    /// Begins a session of an active account, by this version of its password; `None` where the
    /// account is not active or the password another. Beyond [`MAX_SESSIONS`] it ends the oldest.
    pub async fn create_session(
        &self,
        user: UserId,
        id: SessionId,
        session: &Session,
        password: Option<u32>,
    ) -> Result<Option<()>> {
        let mut oldest = None;
        for _ in 0..MAX_SESSIONS {
            match self.add_session(user, id, session, password, oldest).await? {
                Added::Yes => return Ok(Some(())),
                Added::NotAllowed => return Ok(None),
                Added::Full(longest_ago) => oldest = Some(longest_ago),
            }
        }
        Err(Error::unavailable("sessions of one account are opened faster than they are closed"))
    }

    /// Puts a session's next refresh token in the place of the one that was used; false where it
    /// was no longer the one, the session or the account is gone, or another session was renewed.
    pub async fn rotate_session(
        &self,
        user: UserId,
        id: SessionId,
        rotation: &Rotation,
    ) -> Result<bool> {
        let mut when = "#status = :active AND sessions.#id.refresh_digest = :used".to_owned();
        let mut stale = Vec::new();
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(keys::security(user))))
            .expression_attribute_names("#id", id.to_string())
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":next", value(&rotation.next)?)
            .expression_attribute_values(":used", text(&rotation.used))
            .expression_attribute_values(":active", value(&AccountStatus::Active)?);
        for (number, (other, used_at)) in rotation.stale.iter().enumerate() {
            stale.push(format!("sessions.#stale{number}.previous"));
            when += &format!(" AND sessions.#stale{number}.previous.used_at = :stale{number}");
            update = update
                .expression_attribute_names(format!("#stale{number}"), other.to_string())
                .expression_attribute_values(format!(":stale{number}"), text(used_at));
        }
        let update = update
            .update_expression(set_and_remove("sessions.#id = :next", &stale))
            .condition_expression(when);
        Ok(matches!(self.update_old(update).await?, Updated::Done(_)))
    }

    /// Ends one session; its tokens fail from the next request on. One that has ended stays so.
    pub async fn end_session(&self, user: UserId, id: SessionId) -> Result<()> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(keys::security(user))))
            .update_expression("REMOVE sessions.#id")
            .condition_expression("attribute_exists(sessions)")
            .expression_attribute_names("#id", id.to_string());
        self.update_old(update).await.map(drop)
    }

    /// Ends every session of a person.
    pub async fn end_all_sessions(&self, user: UserId) -> Result<()> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(keys::security(user))))
            .update_expression("SET sessions = :none")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":none", value(&NO_SESSIONS)?);
        self.update_old(update).await.map(drop)
    }

    /// Changes a profile and says how it is then.
    pub async fn update_profile(
        &self,
        id: UserId,
        change: &ProfileChange,
        now: Timestamp,
    ) -> Result<User> {
        let mut set = vec!["updated_at = :now"];
        let mut remove = Vec::new();
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(keys::profile(id))))
            .condition_expression("attribute_exists(pk)")
            .return_values(ReturnValue::AllNew)
            .expression_attribute_values(":now", text(now));
        if let Replace::By(name) = &change.name {
            set.push("#name = :name, #listing = :listing, #place = :place");
            update = update
                .expression_attribute_names("#name", "name")
                .expression_attribute_names("#listing", USERS_BY_NAME.partition)
                .expression_attribute_names("#place", USERS_BY_NAME.sort)
                .expression_attribute_values(":name", value(name)?)
                .expression_attribute_values(":listing", text(keys::user_listing()))
                .expression_attribute_values(":place", text(NameKey::new(name, id)));
        }
        match &change.phone {
            Patch::Keep => {}
            Patch::Remove => remove.push("phone".to_owned()),
            Patch::Set(phone) => {
                set.push("phone = :phone");
                update = update.expression_attribute_values(":phone", value(phone)?);
            }
        }
        if let Replace::By(addresses) = &change.addresses {
            set.push("addresses = :addresses");
            update = update.expression_attribute_values(":addresses", value(addresses)?);
        }
        let update = update.update_expression(set_and_remove(&set.join(", "), &remove));
        match self.update_old(update).await? {
            Updated::Done(user) => from_item(user.unwrap_or_default()),
            Updated::Refused(_) => Err(Error::NotFound),
        }
    }

    /// Puts another hash of the same password in the place of the one that was verified, where that
    /// is still there: a password that was changed in between stays the new one.
    pub async fn replace_password_hash(
        &self,
        email: &Email,
        verified: &Credential,
        password_hash: &str,
    ) -> Result<()> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(keys::credential(email))))
            .update_expression("SET password_hash = :new")
            .condition_expression("password_hash = :verified")
            .expression_attribute_values(":new", text(password_hash))
            .expression_attribute_values(":verified", text(&verified.password_hash));
        self.update_old(update).await.map(drop)
    }

    /// Puts a new password in the place of the one that was verified, and ends every session but
    /// the caller's, also those that are just beginning under the old one; false where the
    /// password was changed in between.
    pub async fn change_password(
        &self,
        email: &Email,
        verified: &Credential,
        password_hash: &str,
        caller: SessionId,
        now: Timestamp,
    ) -> Result<bool> {
        let version = verified.password_version + 1;
        for pause in pauses() {
            let security = self.security(verified.user_id).await?.ok_or(Error::Unauthenticated)?;
            let kept = security.sessions.get(&caller).ok_or(Error::Unauthenticated)?;
            let writes = [
                Write::update(
                    keys::credential(email),
                    "SET password_hash = :new, password_version = :version",
                )
                .when(format!("{SAME_PASSWORD} AND user_id = :user"))
                .secretly()
                .value(":new", text(password_hash))
                .value(":version", number(version))
                .value(":verified", number(verified.password_version))
                .value(":user", text(verified.user_id)),
                Write::update(
                    keys::security(verified.user_id),
                    "SET sessions = :kept, password_version = :version",
                )
                .when("sessions.#caller.refresh_digest = :digest")
                .secretly()
                .name("#caller", caller)
                .value(":version", number(version))
                .value(":digest", text(&kept.refresh_digest))
                .value(":kept", value(&BTreeMap::from([(caller, kept)]))?),
                outbox::send(Event::PasswordChanged { user_id: verified.user_id }, now)?,
            ];
            let verdicts = match self.transact_old(unique_token(now), &writes).await? {
                Outcome::Committed => return Ok(true),
                Outcome::Refused(verdicts) => verdicts,
            };
            if matches!(verdicts.first(), Some(Verdict::ConditionFailed(_))) {
                return Ok(false);
            }
            tokio::time::sleep(pause).await; // the caller's session was renewed in between
        }
        Err(Error::unavailable("a session changes faster than it can be read"))
    }

    async fn add_session(
        &self,
        user: UserId,
        id: SessionId,
        session: &Session,
        password: Option<u32>,
        instead_of: Option<SessionId>,
    ) -> Result<Added> {
        let mut when = "#status = :active".to_owned();
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(keys::security(user))))
            .expression_attribute_names("#new", id.to_string())
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":session", value(session)?)
            .expression_attribute_values(":active", value(&AccountStatus::Active)?)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if let Some(password) = password {
            // Items of an older version have none.
            when += " AND (password_version = :password OR attribute_not_exists(password_version))";
            update = update.expression_attribute_values(":password", number(password));
        }
        update = match instead_of {
            None => update
                .update_expression("SET sessions.#new = :session")
                .condition_expression(when + " AND size(sessions) < :most")
                .expression_attribute_values(":most", number(MAX_SESSIONS as i64)),
            Some(oldest) => update
                .update_expression("SET sessions.#new = :session REMOVE sessions.#old")
                .condition_expression(when + " AND attribute_exists(sessions.#old)")
                .expression_attribute_names("#old", oldest.to_string()),
        };
        match self.update_old(update).await? {
            Updated::Done(_) => Ok(Added::Yes),
            Updated::Refused(item) => Added::refused(item, id, password),
        }
    }
}

/// The writes that make an account whose address nobody has.
pub(super) fn new_account(user: &User, password_hash: &str) -> Result<Vec<Write>> {
    let credential = Credential {
        user_id: user.id,
        password_hash: password_hash.to_owned(),
        password_version: 0,
    };
    let security = Security {
        role: user.role,
        status: user.status,
        password_version: 0,
        sessions: NO_SESSIONS,
    };
    let profile = listed(to_item("user", keys::profile(user.id), user)?, user);
    let writes = vec![
        Write::create(to_item("credential", keys::credential(&user.email), &credential)?)
            .secretly(),
        Write::create(profile).secretly(),
        Write::create(to_item("security", keys::security(user.id), &security)?),
    ];
    Ok(writes)
}

/// The password is still the one of the version `:verified`. Not the hash: a log-in may have
/// replaced it by a stronger one of the same password. Items of an older version have no number.
pub(super) const SAME_PASSWORD: &str =
    "(password_version = :verified OR attribute_not_exists(password_version))";

/// Logged in nowhere.
pub(super) const NO_SESSIONS: BTreeMap<SessionId, Session> = BTreeMap::new();

enum Added {
    Yes,
    NotAllowed,
    Full(SessionId),
}

impl Added {
    fn refused(item: Option<Item>, new: SessionId, password: Option<u32>) -> Result<Self> {
        let Some(security) = item.map(from_item::<Security>).transpose()? else {
            return Ok(Self::NotAllowed);
        };
        let is_changed = password.is_some_and(|version| version != security.password_version);
        if security.status != AccountStatus::Active || is_changed {
            return Ok(Self::NotAllowed);
        }
        if security.sessions.contains_key(&new) {
            return Ok(Self::Yes);
        }
        let oldest = security.sessions.iter().min_by_key(|(_, session)| session.created_at);
        oldest.map(|(id, _)| Self::Full(*id)).ok_or_else(|| Error::internal("no session to end"))
    }
}

/// An update expression that sets, and removes where there is something to remove.
fn set_and_remove(set: &str, remove: &[String]) -> String {
    match remove {
        [] => format!("SET {set}"),
        paths => format!("SET {set} REMOVE {}", paths.join(", ")),
    }
}
