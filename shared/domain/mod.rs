//! Pure types and rules: no I/O, no clock, no environment.
//!
//! A value of one of these types is valid; the only way to make one is its `parse` (or a
//! deserializer that goes through it).

pub mod access;
pub mod account_deletion;
pub mod basket;
pub mod caller;
pub mod cart;
pub mod cart_key;
pub mod category;
mod chosen_id;
pub mod client_ip;
mod common_passwords;
pub mod credential;
pub mod destination;
pub mod email;
pub mod error;
pub mod flag;
pub mod idempotency;
pub mod ids;
pub mod import_id;
pub mod invalid;
pub mod json;
pub mod known_ip;
pub mod links;
pub mod members;
pub mod message;
pub mod money;
pub mod order;
pub mod order_filter;
pub mod page;
pub mod password;
pub mod password_reset;
pub mod patch;
pub mod payment_methods;
pub mod problem_code;
pub mod product;
pub mod quantity;
pub mod rate_limit;
pub mod registration;
pub mod schema;
pub mod search_language;
pub mod session;
pub mod settings;
pub mod signing_key;
pub mod sku;
pub mod slug;
pub mod stock;
pub mod text;
pub mod time;
pub mod totals;
pub mod unicode;
pub mod user;
pub mod user_filter;
pub mod version;
pub mod viewer;
