//! Registrations that wait for their e-mail address to be verified: not yet accounts.
//!
//! Everybody can register every address, so each registration stands for itself, with a password of
//! its own; those of one address share a partition.

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

/// The registrations of the table.
#[derive(Debug, Clone, Copy)]
pub struct Registrations<'a>(&'a Store);

impl Store {
    /// Registrations that wait.
    pub fn registrations(&self) -> Registrations<'_> {
        Registrations(self)
    }
}

impl Registrations<'_> {
    /// The write that makes a registration; its identifier is new.
    pub fn create<R>(self, registration: &Registration) -> Result<Write<R, NewItem>> {
        let key = keys::registration(&registration.email.digest(), registration.id);
        let item = to_item("registration", key, registration)?;
        Ok(Write::create_new(item).expires(registration.expires_at))
    }

    /// All registrations under an e-mail address, also expired ones that have not gone yet.
    pub async fn of_email(self, email: &EmailDigest) -> Result<PendingRegistrations> {
        let items = self.0.partition(&keys::registrations(email), Read::Consistent).await?;
        items.into_iter().map(from_item).collect::<Result<_>>().map(PendingRegistrations::new)
    }

    /// Notes the digest of a token that is about to be mailed for a registration; false where it
    /// waits no more.
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

    /// The write that ends a registration, where it waits.
    pub fn end(self, email: &EmailDigest, id: RegistrationId) -> Write<ChangedMeanwhile, OldItem> {
        Write::delete(keys::registration(email, id)).when(exists(), || ChangedMeanwhile)
    }

    /// The write that deletes a registration, whether it waits or not.
    pub fn delete<R>(self, email: &EmailDigest, id: RegistrationId) -> Write<R, OldItem> {
        Write::delete(keys::registration(email, id))
    }

    /// Deletes what had been waiting under an e-mail address at a time.
    pub async fn delete_until(self, email: &EmailDigest, until: Timestamp) -> Result<()> {
        let waiting = self.of_email(email).await?;
        for registration in waiting.all().iter().filter(|one| one.created_at <= until) {
            self.0.delete(self.delete::<()>(email, registration.id)).await?;
        }
        Ok(())
    }
}
