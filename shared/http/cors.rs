//! Cross-origin requests. For deployed functions the gateway answers preflights, with the same
//! lists; a test compares the template with these.

use super::Response;

/// The methods that a page may use.
pub const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Request headers that a page may send.
pub const ALLOWED_HEADERS: &[&str] = &[
    "Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "Idempotency-Key",
    "Cart-Token",
    "Order-Token",
];

/// Response headers that a page may read.
pub const EXPOSED_HEADERS: &[&str] = &[
    "ETag",
    "Link",
    "Location",
    "Cart-Token",
    "Order-Token",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "WWW-Authenticate",
    "Allow",
    "X-Request-Id",
    "Idempotent-Replayed",
];

/// How many seconds a browser may cache a preflight.
pub const MAX_AGE: u32 = 600;

/// Allows the page at `origin` to read the response, if its origin is in the list of allowed ones.
pub fn allow(response: Response, origin: Option<&str>, allowed: &[String]) -> Response {
    let listed = |origin: &&str| allowed.iter().any(|entry| entry == origin || entry == "*");
    let response = response.header("vary", "Origin");
    match origin.filter(listed) {
        None => response,
        Some(origin) => response
            .header("access-control-allow-origin", origin)
            .header("access-control-expose-headers", &EXPOSED_HEADERS.join(", ")),
    }
}

/// Adds the headers of a response to a preflight.
pub fn preflight(response: Response) -> Response {
    response
        .header("access-control-allow-methods", &METHODS.join(", "))
        .header("access-control-allow-headers", &ALLOWED_HEADERS.join(", "))
        .header("access-control-max-age", &MAX_AGE.to_string())
}
