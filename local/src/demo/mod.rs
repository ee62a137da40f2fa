//! The demo data of `cargo dev`: products, accounts with sessions, a cart and an order.

mod accounts;
mod categories;
mod load;
mod mailed_tokens;
mod products;
mod purchases;
mod reviews;
mod sessions;

pub use accounts::{ACCOUNTS, ADMIN, Account, Address, LEAVER, SHOPPER};
pub use load::load;
pub use mailed_tokens::{reset_token, verification_token};
pub use products::{COUNT, DemoProduct, DemoVariant, products};
pub use sessions::{ISSUER, access_token, logout_refresh_token, reusable_refresh_token};
