//! Users in responses.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::email::Email;
use crate::domain::ids::UserId;
use crate::domain::text::{Name, Phone};
use crate::domain::time::Timestamp;
use crate::domain::user::{AccountStatus, Address, ListedUser, Role, User, UserSummary};

/// A user, with their postal addresses.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "User")]
pub struct UserView {
    #[serde(flatten)]
    listed: ListedUserView,
    /// The first is the default.
    addresses: Vec<Address>,
}

/// A user in a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ListedUser")]
pub struct ListedUserView {
    id: UserId,
    email: Email,
    name: Name,
    phone: Option<Phone>,
    role: Role,
    email_verified: bool,
    status: AccountStatus,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        let updated_at = user.updated_at();
        let listed = ListedUserView { updated_at, ..ListedUserView::new(user.id, user.summary) };
        Self { listed, addresses: user.addresses }
    }
}

impl From<ListedUser> for ListedUserView {
    fn from(user: ListedUser) -> Self {
        Self::new(user.id(), user.summary)
    }
}

impl ListedUserView {
    fn new(id: UserId, summary: UserSummary) -> Self {
        let UserSummary {
            email,
            name,
            phone,
            role,
            email_verified,
            status,
            created_at,
            updated_at,
        } = summary;
        Self { id, email, name, phone, role, email_verified, status, created_at, updated_at }
    }
}
