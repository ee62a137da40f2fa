//! Tests of `functions/platform`.

mod get_docs;
mod get_health;
mod get_jwks;
mod get_openapi;
mod route_not_found;
