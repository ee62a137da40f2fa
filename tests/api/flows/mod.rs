//! Tests through several routes: first sales, races, a database that fails.

mod account;
mod catalogue_log;
mod dead_connections;
mod descriptions;
mod faults;
mod first_sale;
mod free_orders;
mod lost_responses;
mod newer_versions;
mod order_with_if_match;
mod oversell;
mod profile_versions;
mod reused_skus;
mod stale_carts;
