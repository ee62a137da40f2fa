//! The viewer of an order.

use super::ids::UserId;
use super::user::Role;

/// A user who wants to see or change an order. Only the order's customer and admins may; for others
/// the order does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer {
    /// The user.
    pub user_id: UserId,
    /// The user's role.
    pub role: Role,
}
