//! Roles, account statuses and the register of admins.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::ids::UserId;
use super::patch::Replace;
use super::session::Security;
use super::user::{AccountStatus, Role, UserSummary};

/// The register of admins: the users whose role is admin, by account status.
#[derive(Debug, Default, Deserialize)]
pub struct Admins {
    /// Admins whose account is active. Never becomes empty again once there is one: removing the
    /// last one is 409 `last_admin`.
    #[serde(default)]
    pub active: BTreeSet<UserId>,
    /// Admins whose account is disabled.
    #[serde(default)]
    pub disabled: BTreeSet<UserId>,
}

/// A user's role and account status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// What the user may do.
    pub role: Role,
    /// Whether the account is active or disabled.
    pub status: AccountStatus,
}

/// An admin's change to a user's role, status or both.
#[derive(Debug, Clone, Default)]
pub struct AccessChange {
    /// The new role, if it changes.
    pub role: Replace<Role>,
    /// The new status, if it changes.
    pub status: Replace<AccountStatus>,
}

impl AccessChange {
    /// Returns the role and status after the change.
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
    /// The role and status as the profile shows them. Only those of the security item
    /// ([`Security`]) decide what the user may do.
    pub fn access(&self) -> Access {
        Access { role: self.role, status: self.status }
    }
}

impl Security {
    /// The role and status that decide what the user may do.
    pub fn access(&self) -> Access {
        Access { role: self.role, status: self.status }
    }
}
