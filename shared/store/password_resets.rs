//! Password resets: what each mailed token allows, by the digest of the token.

use super::ChangedMeanwhile;
use super::expression::exists;
use super::item::{from_item, to_item};
use super::keys;
use super::read::Read;
use super::table::Store;
use super::write::{OldItem, Write};
use crate::domain::credential::Credential;
use crate::domain::error::Result;
use crate::domain::password_reset::{PasswordReset, RESET_LIFETIME};
use crate::domain::time::Timestamp;

/// The store's operations on password resets.
#[derive(Debug, Clone, Copy)]
pub struct PasswordResets<'a>(&'a Store);

impl Store {
    /// Returns the store's operations on password resets.
    pub fn password_resets(&self) -> PasswordResets<'_> {
        PasswordResets(self)
    }
}

impl PasswordResets<'_> {
    /// Stores a password reset for an account before its token is mailed. It is valid for
    /// [`RESET_LIFETIME`].
    pub async fn create(self, digest: &str, credential: &Credential, now: Timestamp) -> Result<()> {
        let reset = PasswordReset {
            user_id: credential.user_id,
            password_version: credential.password_version,
            expires_at: now.plus(RESET_LIFETIME),
        };
        let item = to_item("reset", keys::reset(digest), &reset)?;
        let write = Write::<(), _>::put(item).expires(reset.expires_at);
        self.0.put(write).await.map(drop)
    }

    /// Returns the password reset for a token's digest; `None` if it is unknown, used or expired.
    pub async fn get(self, digest: &str, now: Timestamp) -> Result<Option<PasswordReset>> {
        let item = self.0.get(keys::reset(digest), Read::Consistent).await?;
        let reset: Option<PasswordReset> = item.map(from_item).transpose()?;
        Ok(reset.filter(|reset| reset.expires_at > now))
    }

    /// Returns the write that deletes a password reset, so that its token can't be used again;
    /// rejected if it was used already.
    pub fn delete(self, digest: &str) -> Write<ChangedMeanwhile, OldItem> {
        Write::delete(keys::reset(digest)).when(exists(), || ChangedMeanwhile)
    }
}
