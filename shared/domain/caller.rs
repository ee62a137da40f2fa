//! The signed-in user who sends a request.

use super::ids::{SessionId, UserId};
use super::user::Role;
use super::viewer::Viewer;

/// The user and session that a valid token names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    /// The user.
    pub user_id: UserId,
    /// The login that the token belongs to.
    pub session_id: SessionId,
}

/// A signed-in user whose token and session have been checked for this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user_id: UserId,
    /// The login that the token belongs to.
    pub session_id: SessionId,
    /// The user's role.
    pub role: Role,
}

impl Caller {
    /// Whether the user is an admin.
    pub fn is_admin(self) -> bool {
        self.role == Role::Admin
    }

    /// The caller as the viewer of an order.
    pub fn viewer(self) -> Viewer {
        Viewer::user(self.user_id, self.role)
    }
}
