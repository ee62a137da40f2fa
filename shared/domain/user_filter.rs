//! Which people a list of users shows.

use super::text::Name;
use super::user::{NameKey, Role, User};

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
    pub fn fits(&self, user: &User) -> bool {
        self.begins(&NameKey::of(user)) && self.role.is_none_or(|role| user.role == role)
    }

    /// Whether a name begins as wanted.
    pub fn begins(&self, name: &NameKey) -> bool {
        self.name.as_ref().is_none_or(|prefix| name.to_string().starts_with(prefix))
    }
}
