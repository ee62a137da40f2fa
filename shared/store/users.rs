//! Users: their profiles, and the list of them by name.
//!
//! The part that lists show is the attribute `summary`, a map that the index projects. Writes set
//! its members one by one, so that members that a newer version of the code has added are kept.

use super::ChangedMeanwhile;
use super::expression::{Condition, absent, exists, is, is_number, is_value};
use super::item::{from_item, text, text_of, to_item};
use super::keys::{self, USERS_BY_NAME};
use super::list::{Order, Query, Range};
use super::read::Read;
use super::table::{Store, Written};
use super::write::{Changes, NewItem, OldItem, Write};
use crate::crypto::cursor;
use crate::domain::access::Access;
use crate::domain::email::Email;
use crate::domain::error::{Error, Result};
use crate::domain::ids::{MessageId, UserId};
use crate::domain::page::{Page, Paging, Start};
use crate::domain::patch::{Patch, Replace};
use crate::domain::time::Timestamp;
use crate::domain::user::{ListedUser, NameKey, ProfileChange, Role, User};
use crate::domain::user_filter::UserFilter;
use crate::domain::version::ExpectedVersion;

/// Access to the users.
#[derive(Debug, Clone, Copy)]
pub struct Users<'a>(&'a Store);

const VERSION: &str = "version";
const ADDRESSES_UPDATED_AT: &str = "addresses_updated_at";
const LAST_WRITE: &str = "last_write";

impl Store {
    /// Returns access to the users.
    pub fn users(&self) -> Users<'_> {
        Users(self)
    }
}

impl Users<'_> {
    /// Returns a user's profile.
    pub async fn get(self, id: UserId, read: Read) -> Result<Option<User>> {
        let item = self.0.get(keys::profile(id), read).await?;
        item.map(from_item).transpose()
    }

    /// Returns the user with an e-mail address as a list of one page; the page is empty if there is
    /// none, or the filter does not match. 400 `invalid_cursor` for any cursor.
    pub async fn with_email(
        self,
        email: &Email,
        wanted: &UserFilter,
        paging: &Paging,
    ) -> Result<Page<ListedUser>> {
        if let Start::After(_) = paging.part()?.start {
            return Err(Error::invalid_cursor());
        }
        let Some(credential) = self.0.credentials().get(email).await? else {
            return Ok(Page::last(Vec::new()));
        };
        let key = keys::profile(credential.user_id);
        let profile = match self.0.get(key.clone(), Read::Eventual).await? {
            // An eventually consistent read may miss a new profile.
            None => self.0.get(key, Read::Consistent).await?,
            profile => profile,
        };
        let user = profile.map(from_item).transpose()?;
        Ok(Page::last(user.into_iter().filter(|user| wanted.fits(user)).collect()))
    }

    /// Returns a page of the users, sorted by name. Admins are few: a list of admins is read from
    /// the register of admins, not from the index.
    pub async fn by_name(self, wanted: &UserFilter, paging: &Paging) -> Result<Page<ListedUser>> {
        if wanted.role == Some(Role::Admin) {
            return self.admins_by_name(wanted, paging).await;
        }
        let query = Query {
            range: wanted.name.clone().map_or(Range::All, Range::Prefix),
            filter: wanted.role.map(|role| is("summary.role", role)),
            ..Query::all(USERS_BY_NAME, keys::user_listing(), Order::Ascending)
        };
        self.0.list(&query, paging).await
    }

    /// Returns the write that creates a profile. It has no condition, since the identifier is new.
    pub fn create<R>(self, user: &User) -> Result<Write<R, NewItem>> {
        let name_key = NameKey::new(&user.summary.name, user.id);
        Ok(Write::create_new(to_item("user", keys::profile(user.id), user)?)
            .with(USERS_BY_NAME.partition, text(keys::user_listing()))
            .with(USERS_BY_NAME.sort, text(name_key)))
    }

    /// Changes a profile and returns the changed one; 404 if there is none, 412 if it does not have
    /// the expected version.
    pub async fn update(
        self,
        id: UserId,
        change: &ProfileChange,
        expected: &ExpectedVersion,
        now: Timestamp,
    ) -> Result<User> {
        if change.is_empty() {
            return self.get_expected(id, expected).await;
        }
        match expected {
            ExpectedVersion::Any | ExpectedVersion::Stored => {
                let write = changes(id, change, now).when(exists(), || Error::NotFound);
                match self.0.update(write).await? {
                    Written::Done(user) => from_item(user.unwrap_or_default()),
                    Written::Refused(refusal) => Err(refusal),
                }
            }
            ExpectedVersion::OneOf(versions) => {
                let version = match versions.as_slice() {
                    [one] => *one,
                    // One condition can't compare any number of versions.
                    _ => self.get_expected(id, expected).await?.version,
                };
                self.update_version(id, change, version, now).await
            }
        }
    }

    async fn get_expected(self, id: UserId, expected: &ExpectedVersion) -> Result<User> {
        let user = self.get(id, Read::Consistent).await?.ok_or(Error::NotFound)?;
        expected.check(user.version).map(|()| user)
    }

    /// Changes a profile if it has this version. If a response is lost, the SDK sends the write
    /// again: the second write finds the next version, and recognises by `last_write` that it was
    /// its own.
    async fn update_version(
        self,
        id: UserId,
        change: &ProfileChange,
        version: u64,
        now: Timestamp,
    ) -> Result<User> {
        let token = MessageId::new(now).to_string();
        let write = changes(id, change, now).set_text(LAST_WRITE, &token);
        let write = write.when_with_item(exists().and(is_version(version)), move |item| {
            Ok(match item {
                None => Err(Error::NotFound),
                Some(item) if text_of(&item, LAST_WRITE) == Some(token) => from_item(item),
                Some(_) => Err(Error::VersionMismatch),
            })
        });
        match self.0.update(write).await? {
            Written::Done(user) => from_item(user.unwrap_or_default()),
            Written::Refused(result) => result,
        }
    }

    /// Returns the write that copies a changed role and status to the profile; refused if the
    /// profile was changed since it was read.
    pub fn replace_access(
        self,
        seen: &User,
        access: Access,
        now: Timestamp,
    ) -> Write<ChangedMeanwhile, Changes> {
        update_summary(seen.id, now)
            .set("summary.role", &access.role)
            .set("summary.status", &access.status)
            .when(is_unchanged(seen), || ChangedMeanwhile)
    }

    /// Returns the write that makes a user an admin; refused if their e-mail address is not
    /// verified.
    pub fn promote(self, id: UserId, now: Timestamp) -> Result<Write<ChangedMeanwhile, Changes>> {
        let is_verified = is_value("summary.email_verified", &true)?;
        Ok(update_summary(id, now)
            .set("summary.role", &Role::Admin)
            .when(is_verified, || ChangedMeanwhile))
    }

    /// Returns the write that marks the e-mail address as verified; refused if the account was
    /// deleted.
    pub fn verify_email(self, id: UserId, now: Timestamp) -> Write<ChangedMeanwhile, Changes> {
        update_summary(id, now)
            .set("summary.email_verified", &true)
            .when(exists(), || ChangedMeanwhile)
    }

    /// Returns the write that deletes a profile; refused if there is none.
    pub fn delete(self, id: UserId) -> Write<ChangedMeanwhile, OldItem> {
        Write::delete(keys::profile(id)).when(exists(), || ChangedMeanwhile)
    }

    /// Returns the write that deletes a profile; refused if it was changed or deleted since it was
    /// read.
    pub fn delete_version(self, seen: &User) -> Write<ChangedMeanwhile, OldItem> {
        Write::delete(keys::profile(seen.id)).when(is_unchanged(seen), || ChangedMeanwhile)
    }

    async fn admins_by_name(
        self,
        wanted: &UserFilter,
        paging: &Paging,
    ) -> Result<Page<ListedUser>> {
        let list = format!("admins {wanted:?}");
        let part = paging.part()?;
        let after = match &part.start {
            Start::After(cursor) => Some(cursor::read(&list, cursor)?),
            Start::First | Start::Skip(_) => None,
        };
        let after = after.map(|key| key.parse::<NameKey>().map_err(|_| Error::invalid_cursor()));
        let after = after.transpose()?;
        let admins = self.0.admins().get().await?;
        let ids = admins.active.into_iter().chain(admins.disabled).map(keys::profile).collect();
        let items = self.0.batch_get(ids, &[], Read::Eventual).await?;
        let mut users: Vec<ListedUser> = items.into_iter().map(from_item).collect::<Result<_>>()?;
        users.retain(|user| {
            wanted.fits(user) && after.as_ref().is_none_or(|after| user.name_key > *after)
        });
        users.sort_by(|a, b| a.name_key.cmp(&b.name_key));
        let size = part.size.get() as usize;
        let has_next = users.len() > size;
        users.truncate(size);
        let cursors = users.iter().map(|user| cursor::write(&list, &user.name_key.to_string()));
        let cursors: Vec<_> = cursors.collect();
        let next = cursors.last().filter(|_| has_next).cloned();
        Ok(Page { items: users, cursors, next })
    }
}

/// Starts a write to a profile. Every writer begins with it, since it increases the version.
fn update<R>(id: UserId) -> Write<R, Changes> {
    Write::update(keys::profile(id)).count(VERSION, 1)
}

/// Returns the write of a user's change, which returns the changed profile. The list's index is
/// written only if the change affects what the list shows.
fn changes<R>(id: UserId, change: &ProfileChange, now: Timestamp) -> Write<R, Changes> {
    let mut write = match change.is_listed() {
        true => update_summary(id, now),
        false => update(id),
    };
    if let Replace::By(name) = &change.name {
        write = write
            .set("summary.name", name)
            .set_text(USERS_BY_NAME.partition, keys::user_listing())
            .set_text(USERS_BY_NAME.sort, NameKey::new(name, id));
    }
    write = match &change.phone {
        Patch::Keep => write,
        Patch::Remove => write.remove("summary.phone"),
        Patch::Set(phone) => write.set("summary.phone", phone),
    };
    if let Replace::By(addresses) = &change.addresses {
        write = write.set("addresses", addresses).set(ADDRESSES_UPDATED_AT, &now);
    }
    write.return_new_item()
}

/// Starts a write to the part of a profile that lists show.
fn update_summary<R>(id: UserId, now: Timestamp) -> Write<R, Changes> {
    update(id).set_text("summary.updated_at", now)
}

/// The condition that the profile was not changed since it was read.
fn is_unchanged(seen: &User) -> Condition {
    exists().and(is_version(seen.version))
}

/// The condition that the profile has this version. Profiles from before versions existed have no
/// number.
fn is_version(version: u64) -> Condition {
    match version {
        0 => absent(VERSION),
        version => is_number(VERSION, version),
    }
}
