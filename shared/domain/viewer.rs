//! Who looks at an order.

use super::ids::UserId;
use super::user::Role;

/// Who looks at an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewer {
    /// The person.
    pub user_id: UserId,
    /// What the person may do.
    pub role: Role,
}
