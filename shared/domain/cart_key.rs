//! Whose cart it is.

use super::ids::UserId;

/// Whose cart it is: that of a customer, or that of the guest who has its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CartKey {
    /// The cart of a customer.
    Customer(UserId),
    /// The cart of a guest, by the digest of its token.
    Guest(String),
}

impl CartKey {
    /// The digest of the guest's token; `None` for a customer's cart.
    pub fn guest_digest(&self) -> Option<String> {
        match self {
            Self::Customer(_) => None,
            Self::Guest(digest) => Some(digest.clone()),
        }
    }
}
