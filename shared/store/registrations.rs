//! Registrations whose e-mail address is not verified yet, so that there is no account.
//!
//! Anyone can register with any e-mail address, so each registration is independent of the others
//! and has its own password. The registrations of one address share a partition.

use super::ChangedMeanwhile;
use super::expression::{Comparison, exists, sorts};
use super::item::{from_item, to_item};
use super::keys;
use super::read::Read;
use super::table::Store;
use super::write::{NewItem, OldItem, Write};
use crate::domain::email::EmailDigest;
use crate::domain::error::Result;
use crate::domain::ids::RegistrationId;
use crate::domain::registration::{PendingRegistrations, Registration};
use crate::domain::time::Timestamp;

/// The store's operations on pending registrations.
#[derive(Debug, Clone, Copy)]
pub struct Registrations<'a>(&'a Store);

impl Store {
    /// Returns the store's operations on pending registrations.
    pub fn registrations(&self) -> Registrations<'_> {
        Registrations(self)
    }
}

impl Registrations<'_> {
    /// Returns the write that creates a registration. If the identifier exists already, that is an
    /// internal error (500).
    pub fn create<R>(self, registration: &Registration) -> Result<Write<R, NewItem>> {
        let key = keys::registration(&registration.email.digest(), registration.id);
        let item = to_item("registration", key, registration)?;
        Ok(Write::create_new(item).expires(registration.expires_at))
    }

    /// Returns all registrations of an e-mail address, including expired ones that are not deleted
    /// yet.
    pub async fn of_email(self, email: &EmailDigest) -> Result<PendingRegistrations> {
        let items = self.0.partition(&keys::registrations(email), Read::Consistent).await?;
        items.into_iter().map(from_item).collect::<Result<_>>().map(PendingRegistrations::new)
    }

    /// Stores the digest of a verification token before the token is mailed; returns false if the
    /// registration is expired or deleted.
    pub async fn add_token(
        self,
        email: &EmailDigest,
        id: RegistrationId,
        digest: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let write = Write::update(keys::registration(email, id))
            .append("tokens", &[digest])
            .when(sorts("expires_at", Comparison::Greater, now), || ());
        Ok(self.0.update(write).await?.is_done())
    }

    /// Returns the write that deletes a registration; rejected if it does not exist.
    pub fn end(self, email: &EmailDigest, id: RegistrationId) -> Write<ChangedMeanwhile, OldItem> {
        Write::delete(keys::registration(email, id)).when(exists(), || ChangedMeanwhile)
    }

    /// Returns the write that deletes a registration, whether it exists or not.
    pub fn delete<R>(self, email: &EmailDigest, id: RegistrationId) -> Write<R, OldItem> {
        Write::delete(keys::registration(email, id))
    }

    /// Deletes the registrations of an e-mail address that were created at or before `until`.
    pub async fn delete_until(self, email: &EmailDigest, until: Timestamp) -> Result<()> {
        let pending = self.of_email(email).await?;
        for registration in pending.all().iter().filter(|one| one.created_at <= until) {
            self.0.delete(self.delete::<()>(email, registration.id)).await?;
        }
        Ok(())
    }
}
