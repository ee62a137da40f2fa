//! The register of admins.
//!
//! It is written in the transaction that makes or unmakes an admin, and its condition is what keeps
//! the shop from losing the last one, whoever else is at it at the same time.

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

/// The register of the table.
#[derive(Debug, Clone, Copy)]
pub struct Admins<'a>(&'a Store);

/// Nobody else would run the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastAdmin;

/// Somebody runs the shop already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HasAdmin;

const ACTIVE: &str = "active";
const DISABLED: &str = "disabled";

impl Store {
    /// Those who run the shop.
    pub fn admins(&self) -> Admins<'_> {
        Admins(self)
    }
}

impl Admins<'_> {
    /// The register.
    pub async fn get(self) -> Result<Register> {
        let item = self.0.get(keys::admins(), Read::Consistent).await?;
        item.map_or(Ok(Register::default()), from_item)
    }

    /// The write that enters an active admin.
    pub fn add_active<R>(self, user: UserId) -> Write<R, Changes> {
        Write::update(keys::admins())
            .set_type("admins")
            .add_to_set(ACTIVE, user)
            .remove_from_set(DISABLED, user)
    }

    /// The write that enters the first admin of the shop.
    pub fn add_first(self, user: UserId) -> Write<HasAdmin, Changes> {
        self.add_active(user).when(absent(ACTIVE), || HasAdmin)
    }

    /// The write that takes an admin out.
    pub fn remove(self, user: UserId) -> Write<LastAdmin, Changes> {
        let write = Write::update(keys::admins())
            .remove_from_set(ACTIVE, user)
            .remove_from_set(DISABLED, user);
        write.when(not_the_last(user), || LastAdmin)
    }

    /// The write that moves an admin to those who may not come in.
    pub fn disable(self, user: UserId) -> Write<LastAdmin, Changes> {
        let write =
            Write::update(keys::admins()).add_to_set(DISABLED, user).remove_from_set(ACTIVE, user);
        write.when(not_the_last(user), || LastAdmin)
    }

    /// The write that enters what became of a person, if the register says anything of them.
    pub fn enter(
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
