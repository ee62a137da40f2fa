//! Use cases that need more than one write path or more than one system. The store knows only the
//! table and a handler knows only HTTP; the code between them is here.

pub mod account_changes;
pub mod account_deletion;
pub mod caller;
pub mod cart_edits;
pub mod catalogue;
pub mod catalogue_log;
pub mod categories;
pub mod checkout;
pub mod compaction;
pub mod idempotency;
pub mod imports;
pub mod inventory;
pub mod limiter;
pub mod order_expiry;
pub mod orders;
pub mod password_check;
pub mod product_lists;
pub mod products;
pub mod purchases;
pub mod rebuild;
pub mod registration;
pub mod reviews;
pub mod sessions;
pub mod settings;
pub mod shopper;
pub mod sign_in;
pub mod stock_ledger;
pub mod token_key_rotation;
