//! Which people a list of users shows.

use super::text::Name;
use super::user::{ListedUser, NameKey, Role};

/// Which people are wanted.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// How the names begin, as [`NameKey::prefix`] has it.
    pub name: Option<String>,
    /// What they may do.
    pub role: Option<Role>,
}

impl UserFilter {
    /// Those whose name begins so, without regard to case, and who may do this.
    pub fn of(name: Option<&Name>, role: Option<Role>) -> Self {
        Self { name: name.map(NameKey::prefix), role }
    }

    /// Whether a person is one of them.
    pub fn fits(&self, user: &ListedUser) -> bool {
        let begins = |prefix: &String| user.name_key.to_string().starts_with(prefix);
        self.name.as_ref().is_none_or(begins)
            && self.role.is_none_or(|role| user.summary.role == role)
    }
}
