//! Tests through several routes: first sales, races, a database that fails.

mod account;
mod dead_connections;
mod dead_lines;
mod descriptions;
mod faults;
mod first_sale;
mod free_orders;
mod lost_answers;
mod newer_versions;
mod one_cart_named;
mod oversell;
mod profile_versions;
mod stale_carts;
