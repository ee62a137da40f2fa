//! The health check, the public keys, and the response to requests that match no route.

pub mod get_docs;
pub mod get_health;
pub mod get_jwks;
pub mod get_openapi;
pub mod route_not_found;

use shared::http::contract::Contract;
use shared::lambda::Handler;

/// The handler of each route, by the route's name.
pub fn handlers() -> Vec<(&'static str, Handler)> {
    vec![
        ("get-health", Handler::new(get_health::handle)),
        ("get-jwks", Handler::new(get_jwks::handle)),
        ("get-openapi", Handler::new(get_openapi::handle)),
        ("get-docs", Handler::new(get_docs::handle)),
        ("route-not-found", Handler::new(route_not_found::handle)),
    ]
}

/// The entry of each route in the API document, by the route's name.
pub fn contracts() -> Vec<(&'static str, Contract)> {
    vec![
        ("get-health", get_health::contract()),
        ("get-jwks", get_jwks::contract()),
        ("get-openapi", get_openapi::contract()),
        ("get-docs", get_docs::contract()),
    ]
}
