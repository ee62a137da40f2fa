//! A shop that has been open for a while: products, two accounts to try things with, and
//! what one of them has bought.

mod accounts;
mod categories;
mod load;
mod mailed_tokens;
mod products;
mod purchases;
mod sessions;

pub use accounts::{ACCOUNTS, ADMIN, Account, Address, LEAVER, SHOPPER};
pub use load::load;
pub use mailed_tokens::{reset_token, verification_token};
pub use products::{COUNT, DemoProduct, DemoVariant, products};
pub use sessions::{ISSUER, access_token, endable_token, renewable_token};
