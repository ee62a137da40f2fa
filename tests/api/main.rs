//! The API, tested through its routes.
//!
//! `routes/` mirrors `functions/`: one file a route. `flows/` goes through several of them.

mod authz;
mod bad_input;
mod capacity;
mod flows;
mod headers;
mod keys;
mod routes;
mod signing_key;
mod tokens;
