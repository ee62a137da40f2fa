//! The filter of the list of users.

use super::text::Name;
use super::user::{ListedUser, NameKey, Role};

/// Selects users by name and role.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// The prefix of the name, in the form of [`NameKey::prefix`]; `None` selects every name.
    pub name: Option<String>,
    /// The role; `None` selects every role.
    pub role: Option<Role>,
}

impl UserFilter {
    /// Creates a filter for a name prefix, which is compared without regard to case, and a role.
    pub fn of(name: Option<&Name>, role: Option<Role>) -> Self {
        Self { name: name.map(NameKey::prefix), role }
    }

    /// Whether the filter selects a user.
    pub fn fits(&self, user: &ListedUser) -> bool {
        let begins = |prefix: &String| user.name_key.to_string().starts_with(prefix);
        self.name.as_ref().is_none_or(begins)
            && self.role.is_none_or(|role| user.summary.role == role)
    }
}
