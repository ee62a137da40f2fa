//! Credentials: the account and the password hash of each e-mail address.

use super::ChangedMeanwhile;
use super::expression::{Condition, absent, is, is_number};
use super::item::{from_item, to_item};
use super::keys;
use super::read::Read;
use super::table::Store;
use super::write::{Changes, NewItem, OldItem, Write};
use crate::domain::credential::Credential;
use crate::domain::email::Email;
use crate::domain::error::Result;
use crate::domain::ids::UserId;

/// Access to the credentials.
#[derive(Debug, Clone, Copy)]
pub struct Credentials<'a>(&'a Store);

/// The error if the e-mail address already has an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmailTaken;

/// The attribute with the number of times the password was changed.
pub(super) const PASSWORD_VERSION: &str = "password_version";

impl Store {
    /// Returns access to the credentials.
    pub fn credentials(&self) -> Credentials<'_> {
        Credentials(self)
    }
}

impl Credentials<'_> {
    /// Returns the credential of an e-mail address, by a strongly consistent read: a changed
    /// password takes effect at once.
    pub async fn get(self, email: &Email) -> Result<Option<Credential>> {
        let item = self.0.get(keys::credential(email), Read::Consistent).await?;
        item.map(from_item).transpose()
    }

    /// Returns the write that creates the credential of an e-mail address; refused if it has one.
    pub fn create(
        self,
        email: &Email,
        credential: &Credential,
    ) -> Result<Write<EmailTaken, NewItem>> {
        let item = to_item("credential", keys::credential(email), credential)?;
        Ok(Write::create(item, || EmailTaken))
    }

    /// Returns the write that replaces the password of this version by the next one; refused if the
    /// version or the account is another by now.
    pub fn replace_password(
        self,
        email: &Email,
        user: UserId,
        version: u32,
        password_hash: &str,
    ) -> Write<ChangedMeanwhile, Changes> {
        Write::update(keys::credential(email))
            .set_text("password_hash", password_hash)
            .set(PASSWORD_VERSION, &(version + 1))
            .when(matches_credential(user, version), || ChangedMeanwhile)
    }

    /// Replaces the hash that was verified by another hash of the same password. Does nothing if
    /// the password was changed concurrently.
    pub async fn replace_hash(
        self,
        email: &Email,
        verified: &Credential,
        password_hash: &str,
    ) -> Result<()> {
        let write = Write::update(keys::credential(email))
            .set_text("password_hash", password_hash)
            .when(is("password_hash", &verified.password_hash), || ());
        self.0.update(write).await.map(drop)
    }

    /// Returns the write that deletes a credential; refused if the password was changed since it
    /// was verified.
    pub fn delete(self, email: &Email, verified: &Credential) -> Write<ChangedMeanwhile, OldItem> {
        Write::delete(keys::credential(email))
            .when(matches_credential(verified.user_id, verified.password_version), || {
                ChangedMeanwhile
            })
    }

    /// Returns the write that deletes a credential, independently of its password; refused if it
    /// belongs to another account, or does not exist.
    pub fn delete_of(self, email: &Email, user: UserId) -> Write<ChangedMeanwhile, OldItem> {
        Write::delete(keys::credential(email)).when(is("user_id", user), || ChangedMeanwhile)
    }
}

fn matches_credential(user: UserId, version: u32) -> Condition {
    has_password(version).and(is("user_id", user))
}

/// The condition that the password has this version. It does not compare the hash: a login may have
/// replaced that by a stronger one of the same password. Items written before versions existed have
/// no number.
pub(super) fn has_password(version: u32) -> Condition {
    is_number(PASSWORD_VERSION, version).or(absent(PASSWORD_VERSION))
}
