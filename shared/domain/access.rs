//! What people may do, and who runs the shop.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::ids::UserId;
use super::patch::Replace;
use super::session::Security;
use super::user::{AccountStatus, Role, UserSummary};

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// What they may do.
    pub role: Role,
    /// Whether they may come in.
    pub status: AccountStatus,
}

/// What an admin changes about a person.
#[derive(Debug, Clone, Default)]
pub struct AccessChange {
    /// What the person may do.
    pub role: Replace<Role>,
    /// Whether the person may come in.
    pub status: Replace<AccountStatus>,
}

impl AccessChange {
    /// Applies the change to a role and status.
    pub fn apply(&self, Access { role, status }: Access) -> Access {
        let role = match self.role {
            Replace::Keep => role,
            Replace::By(role) => role,
        };
        let status = match self.status {
            Replace::Keep => status,
            Replace::By(status) => status,
        };
        Access { role, status }
    }
}

impl UserSummary {
    /// What the profile says of the person's access; the security item decides.
    pub fn access(&self) -> Access {
        Access { role: self.role, status: self.status }
    }
}

impl Security {
    /// What the person may do, and whether they may come in.
    pub fn access(&self) -> Access {
        Access { role: self.role, status: self.status }
    }
}
