//! Health, documents, and what answers where no route does.

pub mod get_health;
pub mod get_jwks;
pub mod route_not_found;

use shared::lambda::Handler;

/// Which handler answers which route.
pub fn handlers() -> Vec<(&'static str, Handler)> {
    vec![
        ("get-health", Handler::new(get_health::handle)),
        ("get-jwks", Handler::new(get_jwks::handle)),
        ("route-not-found", Handler::new(route_not_found::handle)),
    ]
}
