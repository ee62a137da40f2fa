//! The API, tested through its routes.
//!
//! `routes/` mirrors `functions/`: one file per route. `flows/` goes through several routes.

mod account_limits;
mod authz;
mod bad_input;
mod caching;
mod capacity;
mod catalogue;
mod contract;
mod flows;
mod headers;
mod key_rotation;
mod keys;
mod limits;
mod mail;
mod mappings;
mod page_sizes;
mod routes;
mod signing_key;
mod stale_reads;
mod starts;
mod tokens;
mod totals;
mod unreadable;
mod values;
