//! The register of admins: one item with the identifiers of all active and all disabled admins.
//!
//! It is changed in the transaction that changes an admin's role or status, under the condition
//! that one active admin remains, also if several admins are changed concurrently.

use super::expression::{Comparison, Condition, absent};
use super::item::{from_item, number, text};
use super::keys;
use super::read::Read;
use super::table::Store;
use super::write::{Changes, Write};
use crate::domain::access::{Access, Admins as Register};
use crate::domain::error::Result;
use crate::domain::ids::UserId;
use crate::domain::user::{AccountStatus, Role};

/// Access to the register of admins.
#[derive(Debug, Clone, Copy)]
pub struct Admins<'a>(&'a Store);

/// The error if no active admin would remain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastAdmin;

/// The error if there already is an active admin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HasAdmin;

const ACTIVE: &str = "active";
const DISABLED: &str = "disabled";

impl Store {
    /// Returns access to the register of admins.
    pub fn admins(&self) -> Admins<'_> {
        Admins(self)
    }
}

impl Admins<'_> {
    /// Returns the register of admins, by a strongly consistent read; it is empty if there is none yet.
    pub async fn get(self) -> Result<Register> {
        let item = self.0.get(keys::admins(), Read::Consistent).await?;
        item.map_or(Ok(Register::default()), from_item)
    }

    /// Returns the write that adds an active admin, or marks a disabled one as active.
    pub fn add_active<R>(self, user: UserId) -> Write<R, Changes> {
        Write::update(keys::admins())
            .set_type("admins")
            .add_to_set(ACTIVE, user)
            .remove_from_set(DISABLED, user)
    }

    /// Returns the write that adds an active admin; refused if there already is one.
    pub fn add_first(self, user: UserId) -> Write<HasAdmin, Changes> {
        self.add_active(user).when(absent(ACTIVE), || HasAdmin)
    }

    /// Returns the write that removes an admin; refused if they are the last active one.
    pub fn remove(self, user: UserId) -> Write<LastAdmin, Changes> {
        let write = Write::update(keys::admins())
            .remove_from_set(ACTIVE, user)
            .remove_from_set(DISABLED, user);
        write.when(not_the_last(user), || LastAdmin)
    }

    /// Returns the write that marks an admin as disabled; refused if they are the last active one.
    pub fn disable(self, user: UserId) -> Write<LastAdmin, Changes> {
        let write =
            Write::update(keys::admins()).add_to_set(DISABLED, user).remove_from_set(ACTIVE, user);
        write.when(not_the_last(user), || LastAdmin)
    }

    /// Returns the write that a change of a user's role or status needs; `None` if the user neither
    /// was nor becomes an admin.
    pub fn record_access(
        self,
        user: UserId,
        before: Access,
        after: Access,
    ) -> Option<Write<LastAdmin, Changes>> {
        match (before.role, after.role, after.status) {
            (Role::Customer, Role::Customer, _) => None,
            (_, Role::Admin, AccountStatus::Active) => Some(self.add_active(user)),
            (_, Role::Admin, AccountStatus::Disabled) => Some(self.disable(user)),
            (_, Role::Customer, _) => Some(self.remove(user)),
        }
    }
}

fn not_the_last(user: UserId) -> Condition {
    let is_active = Condition::Contains(ACTIVE.to_owned(), text(user));
    let is_one_of_several = Condition::Size(ACTIVE.to_owned(), Comparison::Greater, number(1));
    absent(ACTIVE).or(Condition::Not(Box::new(is_active))).or(is_one_of_several)
}
