//! Tests of `functions/platform`.

mod get_health;
mod get_jwks;
mod route_not_found;
