//! Who calls.

use super::ids::{SessionId, UserId};
use super::user::Role;
use super::viewer::Viewer;

/// What is believed of a token's bearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    /// The person.
    pub user_id: UserId,
    /// The session.
    pub session_id: SessionId,
}

/// A person whose token and session have been checked for this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The person.
    pub user_id: UserId,
    /// The session.
    pub session_id: SessionId,
    /// What the person may do.
    pub role: Role,
}

impl Caller {
    /// Whether the person runs the shop.
    pub fn is_admin(self) -> bool {
        self.role == Role::Admin
    }

    /// The person, as orders know their viewers.
    pub fn viewer(self) -> Viewer {
        Viewer { user_id: self.user_id, role: self.role }
    }
}
