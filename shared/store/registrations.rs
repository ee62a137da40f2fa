//! Registrations that wait for their address to be verified: not yet accounts.
//!
//! Everybody can register every address, so each registration stands for itself, with a password
//! of its own; those of one address share a partition.

use super::db::{Read, Store, Updated};
use super::item::{from_item, key_item, number, text, to_item, value};
use super::keys::{self, TTL};
use super::transaction_old::{Outcome, Verdict, Write, unique_token};
use super::users::new_account;
use super::{admins, outbox};
use crate::domain::email::EmailDigest;
use crate::domain::error::{Error, Result};
use crate::domain::ids::RegistrationId;
use crate::domain::message::Event;
use crate::domain::registration::{PendingRegistrations, Registration};
use crate::domain::time::Timestamp;
use crate::domain::user::{Role, User};

impl Store {
    /// Notes a registration, and has its mail sent.
    pub async fn create_registration(&self, registration: &Registration) -> Result<()> {
        let key = keys::registration(&registration.email.digest(), registration.id);
        let mut item = to_item("registration", key, registration)?;
        item.insert(TTL.to_owned(), number(registration.expires_at.unix_seconds()));
        let requested = Event::RegistrationRequested {
            email: registration.email.clone(),
            registration_id: registration.id,
        };
        let writes =
            [Write::create(item).secretly(), outbox::send(requested, registration.created_at)?];
        match self.transact_old(registration.id.uuid(), &writes).await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(_) => Err(Error::internal("a new registration is there already")),
        }
    }

    /// All registrations under an address, also expired ones that have not gone yet.
    pub async fn registrations(&self, address: &EmailDigest) -> Result<PendingRegistrations> {
        let items = self.partition(&keys::registrations(address), Read::Consistent).await?;
        items.into_iter().map(from_item).collect::<Result<_>>().map(PendingRegistrations::new)
    }

    /// Notes the digest of a token that is about to be mailed for a registration; false where it
    /// waits no more.
    pub async fn add_verification_token(
        &self,
        address: &EmailDigest,
        id: RegistrationId,
        digest: &str,
        now: Timestamp,
    ) -> Result<bool> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_item(keys::registration(address, id))))
            .update_expression("SET tokens = list_append(if_not_exists(tokens, :none), :digest)")
            .condition_expression("expires_at > :now")
            .expression_attribute_values(":none", value(&Vec::<String>::new())?)
            .expression_attribute_values(":digest", value(&[digest])?)
            .expression_attribute_values(":now", text(now));
        Ok(matches!(self.update_old(update).await?, Updated::Done(_)))
    }

    /// Makes the account that a registration asked for, and forgets all that waits under its
    /// address. An admin it makes only where nobody runs the shop yet, else a customer. `None` where
    /// the registration waits no more, or the address has an account.
    pub async fn verify_registration(
        &self,
        registration: &Registration,
        waiting: &PendingRegistrations,
        user: User,
        now: Timestamp,
    ) -> Result<Option<User>> {
        let address = registration.email.digest();
        let mut writes = new_account(&user, &registration.password_hash)?;
        let verified = keys::registration(&address, registration.id);
        writes.push(Write::delete(verified).when("attribute_exists(pk)").secretly());
        let others = waiting.all().iter().filter(|other| other.id != registration.id);
        // What doesn't fit any more can't become an account either, and expires by itself.
        let others = others.rev().take(MOST_OTHERS);
        writes.extend(others.map(|other| Write::delete(keys::registration(&address, other.id))));
        if user.role == Role::Admin {
            writes.push(admins::add_first(user.id));
        }
        match self.transact_old(unique_token(now), &writes).await? {
            Outcome::Committed => Ok(Some(user)),
            Outcome::Refused(verdicts) if user.role == Role::Admin && only_the_last(&verdicts) => {
                let customer = User { role: Role::Customer, ..user };
                Box::pin(self.verify_registration(registration, waiting, customer, now)).await
            }
            Outcome::Refused(_) => Ok(None),
        }
    }

    /// Forgets what had been waiting under an address at a time.
    pub(super) async fn forget_registrations(
        &self,
        address: &EmailDigest,
        until: Timestamp,
    ) -> Result<()> {
        let waiting = self.registrations(address).await?;
        for registration in waiting.all().iter().filter(|one| one.created_at <= until) {
            self.delete_old(keys::registration(address, registration.id)).await?;
        }
        Ok(())
    }
}

/// Whether nothing but the last write was refused.
fn only_the_last(verdicts: &[Verdict]) -> bool {
    let Some((Verdict::ConditionFailed(_), others)) = verdicts.split_last() else { return false };
    others.iter().all(|verdict| matches!(verdict, Verdict::Fine))
}

/// How many other registrations of the address go with the one that is verified.
const MOST_OTHERS: usize = 50;
