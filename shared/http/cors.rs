//! Cross-origin requests. In the cloud the gateway answers for itself, with the same lists; the
//! template is tested against these.

use super::Response;

/// Methods of the API.
pub const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];

/// Headers that a page may send.
pub const ALLOWED_HEADERS: &[&str] = &[
    "Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "Idempotency-Key",
    "Cart-Token",
];

/// Headers that a page may read.
pub const EXPOSED_HEADERS: &[&str] = &[
    "ETag",
    "Link",
    "Location",
    "Cart-Token",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "WWW-Authenticate",
    "Allow",
    "X-Request-Id",
    "Idempotent-Replayed",
];

/// How long a browser may remember a preflight, in seconds.
pub const MAX_AGE: u32 = 600;

/// Lets the page at `origin` read the answer, if it is on the list.
pub fn allow(answer: Response, origin: Option<&str>, allowed: &[String]) -> Response {
    let listed = |origin: &&str| allowed.iter().any(|entry| entry == origin || entry == "*");
    let answer = answer.header("vary", "Origin");
    match origin.filter(listed) {
        None => answer,
        Some(origin) => answer
            .header("access-control-allow-origin", origin)
            .header("access-control-expose-headers", &EXPOSED_HEADERS.join(", ")),
    }
}

/// What a preflight asks for.
pub fn preflight(answer: Response) -> Response {
    answer
        .header("access-control-allow-methods", &METHODS.join(", "))
        .header("access-control-allow-headers", &ALLOWED_HEADERS.join(", "))
        .header("access-control-max-age", &MAX_AGE.to_string())
}
