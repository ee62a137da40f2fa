//! What people may do, and who runs the shop.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::ids::UserId;
use super::patch::Replace;
use super::user::{AccountStatus, Role};

/// The register of admins.
#[derive(Debug, Default, Deserialize)]
pub struct Admins {
    /// Those who may come in; never empty once there was one.
    #[serde(default)]
    pub active: BTreeSet<UserId>,
    /// Those who may not.
    #[serde(default)]
    pub disabled: BTreeSet<UserId>,
}

/// What somebody may do, and whether they may come in.
pub type Standing = (Role, AccountStatus);

/// What an admin changes about a person.
#[derive(Debug, Clone, Default)]
pub struct AccessChange {
    /// What the person may do.
    pub role: Replace<Role>,
    /// Whether the person may come in.
    pub status: Replace<AccountStatus>,
}

impl AccessChange {
    /// How somebody stands after it who stood like this before.
    pub fn of(&self, (role, status): Standing) -> Standing {
        let role = match self.role {
            Replace::Keep => role,
            Replace::By(role) => role,
        };
        let status = match self.status {
            Replace::Keep => status,
            Replace::By(status) => status,
        };
        (role, status)
    }
}
