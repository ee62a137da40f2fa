//! The DynamoDB table. Only the code in this folder calls DynamoDB.
//!
//! There is one file per resource and one method per access pattern. A method's verb says what it
//! requires: `create` that the item does not exist, `replace` that it does. A method that fails
//! returns a domain error. `docs/data-model.md` lists the capacity units that each method uses.

pub mod admins;
pub mod carts;
pub mod catalogue_log;
pub mod catalogue_segments;
pub mod categories;
pub mod credentials;
pub mod deadline;
pub mod deletions;
pub mod deliveries;
mod erasure;
pub mod expression;
mod failure;
pub mod idempotency;
pub mod inventory;
mod item;
pub mod keys;
pub mod known_ips;
pub mod ledger;
mod list;
mod merged_list;
pub mod orders;
pub mod outbox;
pub mod password_resets;
pub mod products;
pub mod purchases;
pub mod rate_limits;
mod read;
pub mod registrations;
pub mod retry;
pub mod reviews;
pub mod sessions;
pub mod settings;
pub mod signing_keys;
mod table;
pub mod transaction;
pub mod users;
pub mod write;

pub use read::Read;
pub use table::Store;
pub use write::ChangedMeanwhile;
