//! The table: the only folder that makes calls of DynamoDB.
//!
//! One file a resource; a method is an access pattern, and its verb carries its condition:
//! `create` means that nothing was there, `replace` that something was. What a method can't do it
//! says as a domain error. Capacity is counted in `docs/data-model.md`.

pub mod admins;
pub mod carts;
pub mod credentials;
pub mod deadline;
pub mod deletions;
pub mod deliveries;
mod erasure;
pub mod expression;
mod failure;
pub mod idempotency;
mod item;
pub mod keys;
pub mod known_ips;
mod list;
pub mod orders;
pub mod outbox;
pub mod password_resets;
pub mod products;
pub mod rate_limits;
mod read;
pub mod registrations;
pub mod retry;
pub mod sessions;
pub mod signing_keys;
mod table;
pub mod transaction;
pub mod users;
pub mod write;

pub use read::Read;
pub use table::Store;
pub use write::ChangedMeanwhile;
