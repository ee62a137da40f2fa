//! The whole API on one page: name, method, path and access of every route, and what else it needs.
//!
//! `lambda::authorize` enforces `access` before a handler sees the request, the frame enforces the
//! body limit and the deadline, and the body's reader the media types. `route-not-found` takes its
//! 405s from here, and the authorization and wiring tests read the same page.

use std::time::Duration;

use lambda_http::http::Method;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone; a bearer token that is no good is ignored.
    Public,
    /// Anyone, as themselves: with a bearer token, with a cart token, or with neither.
    Guest,
    /// Anyone signed in.
    Customer,
    /// The customer it belongs to, or an admin; it is missing for others. The store decides.
    Owner,
    /// Admins.
    Admin,
    /// The payment gateway, by its signature.
    Signature,
}

/// One route.
#[derive(Debug, Clone)]
pub struct Route {
    /// The name of its function, binary and event.
    pub name: &'static str,
    /// Method; `None` for the route that catches what no other takes.
    pub method: Option<Method>,
    /// Path, with `{parameters}`.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// The most bytes of its body.
    pub body_limit: usize,
    /// What its body may be.
    pub accepts: Accepts,
    /// How long it may take, where that is longer than what the settings give every request.
    pub deadline: Option<Duration>,
}

/// What the body of a route may be; anything else is 415.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepts {
    /// JSON in UTF-8.
    Json,
    /// Bytes of one of these media types.
    OneOf(&'static [&'static str]),
    /// Bytes of any media type, exactly as they were sent: what a signature is over.
    Anything,
}

/// The most bytes of a body where its route says nothing else.
const BODY_LIMIT: usize = 64 * 1024;

/// A product's own view can be larger than the body that made it.
const PRODUCT_LIMIT: usize = 128 * 1024;

/// Every route of the shop.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    // health and documents
    route("get-health",        Method::GET,    "/health",                Access::Public),
    route("get-jwks",          Method::GET,    "/.well-known/jwks.json", Access::Public),
    fallback("route-not-found"),
    // auth
    route("register-user",     Method::POST,   "/auth/register",         Access::Public),
    route("verify-email",      Method::POST,   "/auth/verify-email",     Access::Public),
    route("resend-verification", Method::POST, "/auth/resend-verification", Access::Public),
    route("log-in",            Method::POST,   "/auth/login",            Access::Public),
    route("refresh-token",     Method::POST,   "/auth/refresh",          Access::Public),
    route("log-out",           Method::POST,   "/auth/logout",           Access::Public),
    route("forgot-password",   Method::POST,   "/auth/forgot-password",  Access::Public),
    route("reset-password",    Method::POST,   "/auth/reset-password",   Access::Public),
    route("get-account-page",  Method::GET,    "/auth/pages/{page}",     Access::Public),
    // users
    route("get-me",            Method::GET,    "/users/me",              Access::Customer),
    route("update-me",         Method::PATCH,  "/users/me",              Access::Customer),
    route("change-password",   Method::PUT,    "/users/me/password",     Access::Customer),
    route("delete-me",         Method::POST,   "/users/me/deletion",     Access::Customer),
    route("list-users",        Method::GET,    "/users",                 Access::Admin),
    route("get-user",          Method::GET,    "/users/{user_id}",       Access::Admin),
    route("update-user",       Method::PATCH,  "/users/{user_id}",       Access::Admin),
    route("delete-user",       Method::DELETE, "/users/{user_id}",       Access::Admin),
    // catalogue
    route("list-products",     Method::GET,    "/products",              Access::Public),
    route("create-product",    Method::POST,   "/products",              Access::Admin).up_to(PRODUCT_LIMIT),
    route("get-product",       Method::GET,    "/products/{product_id}", Access::Public),
    route("update-product",    Method::PUT,    "/products/{product_id}", Access::Admin).up_to(PRODUCT_LIMIT),
    route("delete-product",    Method::DELETE, "/products/{product_id}", Access::Admin),
    // cart
    route("get-cart",          Method::GET,    "/cart",                  Access::Customer),
    route("clear-cart",        Method::DELETE, "/cart",                  Access::Customer),
    route("add-cart-item",     Method::POST,   "/cart/items",            Access::Customer),
    route("update-cart-item",  Method::PUT,    "/cart/items/{sku}",      Access::Customer),
    route("remove-cart-item",  Method::DELETE, "/cart/items/{sku}",      Access::Customer),
    // orders
    route("place-order",       Method::POST,   "/orders",                Access::Customer),
    route("list-orders",       Method::GET,    "/orders",                Access::Customer),
    route("get-order",         Method::GET,    "/orders/{order_id}",     Access::Owner),
    route("cancel-order",      Method::DELETE, "/orders/{order_id}",     Access::Owner),
];

const fn route(name: &'static str, method: Method, path: &'static str, access: Access) -> Route {
    of_any(name, Some(method), path, access)
}

const fn fallback(name: &'static str) -> Route {
    of_any(name, None, "/{*path}", Access::Public)
}

const fn of_any(
    name: &'static str,
    method: Option<Method>,
    path: &'static str,
    access: Access,
) -> Route {
    let (body_limit, accepts, deadline) = (BODY_LIMIT, Accepts::Json, None);
    Route { name, method, path, access, body_limit, accepts, deadline }
}

impl Route {
    /// The same with a body of up to so many bytes.
    #[must_use]
    pub const fn up_to(mut self, body_limit: usize) -> Self {
        self.body_limit = body_limit;
        self
    }

    /// The same with a body of this kind.
    #[must_use]
    pub const fn taking(mut self, accepts: Accepts) -> Self {
        self.accepts = accepts;
        self
    }

    /// The same with so many seconds for a request.
    #[must_use]
    pub const fn within(mut self, seconds: u64) -> Self {
        self.deadline = Some(Duration::from_secs(seconds));
        self
    }

    /// The parameters of a concrete path and their values, if the path fits the pattern.
    pub fn parameters<'p>(&self, path: &'p str) -> Option<Vec<(&'static str, &'p str)>> {
        let (mut pattern, mut path) = (self.path.split('/'), path.split('/'));
        let mut parameters = Vec::new();
        loop {
            match (pattern.next(), path.next()) {
                (None, None) => return Some(parameters),
                (Some(wanted), Some(given)) if wanted == given => {}
                (Some(wanted), Some(given)) if !given.is_empty() => {
                    parameters.push((parameter(wanted)?, given));
                }
                _ => return None,
            }
        }
    }

    /// Whether a request for this concrete path belongs to this route's pattern. The gateway matches
    /// path and method together, and so may hand a function what a more specific pattern has.
    pub fn has(&self, path: &str) -> bool {
        self.method.is_none() || most_specific(path).is_none_or(|pattern| pattern == self.path)
    }
}

/// The route of this name. In a `const`, a name that is not on the page does not compile.
pub const fn named(name: &str) -> &'static Route {
    let mut index = 0;
    while index < ROUTES.len() {
        if same(ROUTES[index].name, name) {
            return &ROUTES[index];
        }
        index += 1;
    }
    panic!("no route has this name")
}

pub(crate) const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// The route that the gateway hands a request to: by its method and the most specific pattern of
/// those with this method.
pub fn find(method: &str, path: &str) -> &'static Route {
    let takes = |route: &&Route| route.method.as_ref().is_some_and(|own| own.as_str() == method);
    let fitting = ROUTES.iter().filter(takes).filter(|route| route.parameters(path).is_some());
    let fallback = || ROUTES.iter().find(|route| route.method.is_none());
    let found = fitting.min_by_key(|route| openness(route.path)).or_else(fallback);
    found.expect("a route catches everything")
}

/// The methods that a concrete path takes, in the page's order; none where no route has it. Of the
/// patterns that fit, the most specific one counts.
pub fn methods_of(path: &str) -> Vec<&'static str> {
    let pattern = most_specific(path);
    let routes = ROUTES.iter().filter(|route| Some(route.path) == pattern);
    routes.filter_map(|route| route.method.as_ref()).map(Method::as_str).collect()
}

/// The pattern that a concrete path belongs to: of two that fit, the one that has a name where the
/// other has a parameter first.
fn most_specific(path: &str) -> Option<&'static str> {
    let fitting = ROUTES.iter().filter(|route| route.parameters(path).is_some());
    fitting.map(|route| route.path).min_by_key(|pattern| openness(pattern))
}

/// Which segments of a pattern are parameters: less specific patterns sort after more specific ones.
fn openness(pattern: &str) -> Vec<bool> {
    pattern.split('/').map(|segment| parameter(segment).is_some()).collect()
}

/// The name of the parameter that a segment of a pattern stands for, if it is one.
pub(super) fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}').filter(|name| !name.starts_with('*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_belongs_to_its_most_specific_pattern() {
        assert!(named("get-me").has("/users/me"));
        assert!(!named("get-user").has("/users/me"));
        assert!(named("get-user").has("/users/usr_1"));
        assert!(named("route-not-found").has("/users/me"));
    }

    #[test]
    fn a_request_goes_to_the_most_specific_pattern_that_takes_its_method() {
        for (method, path, name) in [
            ("GET", "/users/me", "get-me"),
            ("GET", "/users/usr_1", "get-user"),
            ("PUT", "/cart/items/A-1", "update-cart-item"),
            ("HEAD", "/products", "route-not-found"),
            ("GET", "/products/", "route-not-found"),
            ("GET", "/nothing", "route-not-found"),
        ] {
            assert_eq!(find(method, path).name, name, "{method} {path}");
        }
        assert_eq!(
            named("get-order").parameters("/orders/ord_1"),
            Some(vec![("order_id", "ord_1")])
        );
        assert_eq!(named("get-order").parameters("/orders/"), None);
    }

    #[test]
    fn what_else_a_route_needs_stands_on_its_line() {
        const MIB: usize = 1024 * 1024;
        const ROWS: Accepts = Accepts::OneOf(&["application/x-ndjson", "text/csv"]);
        #[rustfmt::skip]
        let routes = [
            route("pay-order",        Method::POST, "/orders/{order_id}/payments", Access::Owner).within(25),
            route("import-products",  Method::POST, "/products/import",            Access::Admin).up_to(4 * MIB).taking(ROWS).within(25),
            route("receive-event",    Method::POST, "/payments/events",            Access::Signature).taking(Accepts::Anything),
        ];
        let needs = routes.map(|route| (route.body_limit, route.accepts, route.deadline));
        let long = Some(Duration::from_secs(25));
        assert_eq!(
            needs,
            [
                (BODY_LIMIT, Accepts::Json, long),
                (4 * MIB, ROWS, long),
                (BODY_LIMIT, Accepts::Anything, None),
            ]
        );
    }

    #[test]
    fn a_path_knows_its_methods() {
        assert_eq!(methods_of("/cart"), ["GET", "DELETE"]);
        assert_eq!(methods_of("/products/prd_1"), ["GET", "PUT", "DELETE"]);
        assert_eq!(methods_of("/cart/items/A-1"), ["PUT", "DELETE"]);
        assert_eq!(methods_of("/users/me"), ["GET", "PATCH"], "not those of a user's");
        assert_eq!(methods_of("/users/usr_1"), ["GET", "PATCH", "DELETE"]);
        for path in ["/", "", "/nothing", "/cart/", "/products/", "/products/1/2"] {
            assert!(methods_of(path).is_empty(), "{path}");
        }
    }
}
