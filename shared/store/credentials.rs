//! Credentials: which account an e-mail address and its password open.

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

/// The credentials of the table.
#[derive(Debug, Clone, Copy)]
pub struct Credentials<'a>(&'a Store);

/// The e-mail address has an account already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmailTaken;

/// How often the password has been changed.
pub(super) const PASSWORD_VERSION: &str = "password_version";

impl Store {
    /// What opens accounts.
    pub fn credentials(&self) -> Credentials<'_> {
        Credentials(self)
    }
}

impl Credentials<'_> {
    /// What opens the account of an e-mail address. Always consistent: a changed password counts at
    /// once.
    pub async fn get(self, email: &Email) -> Result<Option<Credential>> {
        let item = self.0.get(keys::credential(email), Read::Consistent).await?;
        item.map(from_item).transpose()
    }

    /// The write that gives an e-mail address to an account.
    pub fn create(
        self,
        email: &Email,
        credential: &Credential,
    ) -> Result<Write<EmailTaken, NewItem>> {
        let item = to_item("credential", keys::credential(email), credential)?;
        Ok(Write::create(item, || EmailTaken))
    }

    /// The write that replaces the password of this version by the next one.
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

    /// Replaces the hash that was verified by another one of the same password; a password that was
    /// changed in between stays the new one.
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

    /// The write that deletes what opens an account, where its password is still the one that was
    /// verified.
    pub fn delete(self, email: &Email, verified: &Credential) -> Write<ChangedMeanwhile, OldItem> {
        Write::delete(keys::credential(email))
            .when(matches_credential(verified.user_id, verified.password_version), || {
                ChangedMeanwhile
            })
    }

    /// The write that deletes what opens an account, whatever its password; refused where it opens
    /// another account, or none.
    pub fn delete_of(self, email: &Email, user: UserId) -> Write<ChangedMeanwhile, OldItem> {
        Write::delete(keys::credential(email)).when(is("user_id", user), || ChangedMeanwhile)
    }
}

fn matches_credential(user: UserId, version: u32) -> Condition {
    has_password(version).and(is("user_id", user))
}

/// The password is the one of this version. Not of this hash: a login may have replaced it by a
/// stronger one of the same password. Items of an older version have no number.
pub(super) fn has_password(version: u32) -> Condition {
    is_number(PASSWORD_VERSION, version).or(absent(PASSWORD_VERSION))
}
