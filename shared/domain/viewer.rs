//! The viewer of an order.

use super::ids::UserId;
use super::order::{Actor, Order};
use super::time::Timestamp;
use super::user::Role;

/// Who wants to see or change an order: a user, the bearer of one of the order's tokens, or both.
/// Only the order's customer, the bearers of its tokens and admins may; for others the order does not
/// exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    user: Option<(UserId, Role)>,
    token_digest: Option<String>,
}

impl Viewer {
    /// A user without an order token.
    pub const fn user(id: UserId, role: Role) -> Self {
        Self { user: Some((id, role)), token_digest: None }
    }

    /// The bearer of the order token with this digest.
    pub const fn bearer(token_digest: String) -> Self {
        Self { user: None, token_digest: Some(token_digest) }
    }

    /// Adds an order token that the user brings too.
    #[must_use]
    pub fn with_token(self, token_digest: Option<String>) -> Self {
        Self { token_digest: token_digest.or(self.token_digest), ..self }
    }

    /// Whether the order exists for this viewer.
    pub fn may_see(&self, order: &Order, now: Timestamp) -> bool {
        let by_token = || self.token_digest.as_ref().is_some_and(|it| order.admits(it, now));
        match self.user {
            Some((_, Role::Admin)) => true,
            Some((id, Role::Customer)) if order.summary.user_id == Some(id) => true,
            _ => by_token(),
        }
    }

    /// What the viewer is when it changes an order: an admin, or otherwise the order's customer, for
    /// whom the bearer of a token acts.
    pub fn actor(&self) -> Actor {
        self.user.map_or(Actor::Customer, |(_, role)| role.into())
    }
}
