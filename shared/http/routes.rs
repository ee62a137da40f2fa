//! The route table: name, method, path, access, body limit, media types, deadline and caching of
//! every route.
//!
//! `lambda::authorize` enforces `access` before a handler runs, `lambda` also the body limit and
//! the deadline, the body's reader the media types, and `http::caching` how long caches may keep a
//! response. `route-not-found` uses the table for its 405 responses, and the authorization and
//! wiring tests read it.

use std::time::Duration;

use lambda_http::http::Method;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone. A bearer token is not checked.
    Public,
    /// Anyone: with an access token, with a cart token, or with neither. An invalid access token is
    /// 401.
    Guest,
    /// Any user with an access token.
    Customer,
    /// The customer that the order belongs to, the bearer of one of its order tokens, or an admin; 404
    /// for everybody else. The store enforces it.
    Owner,
    /// Admins; 403 for other users.
    Admin,
    /// The payment gateway, which signs its requests; the handler verifies the signature.
    Signature,
}

/// One route.
#[derive(Debug, Clone)]
pub struct Route {
    /// The name of its function, binary and event in the template.
    pub name: &'static str,
    /// Method; `None` for the route that receives requests that match no other route.
    pub method: Option<Method>,
    /// Path pattern, with `{parameters}`.
    pub path: &'static str,
    /// Further path patterns of the same function.
    pub also: &'static [&'static str],
    /// Who may call it.
    pub access: Access,
    /// The most bytes of the request body.
    pub body_limit: usize,
    /// The media types of the request body.
    pub accepts: Accepts,
    /// Deadline of a request, if it is longer than the default in the settings.
    pub deadline: Option<Duration>,
    /// For how many seconds caches may keep a 200; `None` if they may not keep it.
    pub max_age: Option<u32>,
    /// Whether the function uses the database. The start of one that does opens the connection.
    pub uses_database: bool,
    /// Whether the function reads the whole catalogue, and so loads it when it starts.
    pub loads_catalogue: bool,
}

/// The media types that a route accepts; any other is 415.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepts {
    /// JSON in UTF-8.
    Json,
    /// Bytes of one of these media types.
    OneOf(&'static [&'static str]),
    /// Bytes of any media type, exactly as they were sent, for a signature over the body.
    Anything,
}

/// The default of `body_limit`.
const BODY_LIMIT: usize = 64 * 1024;

/// The response of a product can be larger than the body that created it, and clients send it back.
const PRODUCT_LIMIT: usize = 128 * 1024;

/// The largest import. Lambda's limit of an event is 6 MB, the body's JSON escapes included.
const IMPORT_LIMIT: usize = 4 * 1024 * 1024;

/// The media types of the rows of an import.
const ROWS: Accepts = Accepts::OneOf(&["application/x-ndjson", "text/csv"]);

/// Every route of the API.
#[rustfmt::skip]
pub const ROUTES: &[Route] = &[
    // health and documents
    route("get-health",        Method::GET,    "/health",                Access::Public).also(&["/"]),
    route("get-jwks",          Method::GET,    "/.well-known/jwks.json", Access::Public).cached(300),
    route("get-openapi",       Method::GET,    "/openapi.json",          Access::Public).cached(300).without_database(),
    route("get-docs",          Method::GET,    "/docs",                  Access::Public).also(&["/docs/{file}"]).cached(300).without_database(),
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
    route("get-account-page",  Method::GET,    "/auth/pages/{page}",     Access::Public).cached(300).without_database(),
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
    route("list-products",     Method::GET,    "/products",              Access::Public).cached(60).with_catalogue(),
    route("create-product",    Method::POST,   "/products",              Access::Admin).up_to(PRODUCT_LIMIT),
    route("get-product",       Method::GET,    "/products/{product_id}", Access::Public).cached(60),
    route("update-product",    Method::PUT,    "/products/{product_id}", Access::Admin).up_to(PRODUCT_LIMIT),
    route("delete-product",    Method::DELETE, "/products/{product_id}", Access::Admin),
    route("list-categories",   Method::GET,    "/categories",           Access::Public).cached(60),
    route("create-category",   Method::POST,   "/categories",           Access::Admin),
    route("update-category",   Method::PUT,    "/categories/{slug}",    Access::Admin),
    route("delete-category",   Method::DELETE, "/categories/{slug}",    Access::Admin),
    route("list-facets",       Method::GET,    "/products/facets",      Access::Public).cached(60).with_catalogue(),
    route("import-products",   Method::POST,   "/products/import",      Access::Admin).up_to(IMPORT_LIMIT).taking(ROWS).within(25),
    // cart
    route("get-cart",          Method::GET,    "/cart",                  Access::Guest),
    route("clear-cart",        Method::DELETE, "/cart",                  Access::Guest),
    route("add-cart-item",     Method::POST,   "/cart/items",            Access::Guest),
    route("update-cart-item",  Method::PUT,    "/cart/items/{sku}",      Access::Guest),
    route("remove-cart-item",  Method::DELETE, "/cart/items/{sku}",      Access::Guest),
    // orders
    route("place-order",       Method::POST,   "/orders",                Access::Guest),
    route("list-orders",       Method::GET,    "/orders",                Access::Customer),
    route("get-order",         Method::GET,    "/orders/{order_id}",     Access::Owner),
    route("cancel-order",      Method::DELETE, "/orders/{order_id}",     Access::Owner),
    route("get-settings",      Method::GET,    "/settings",             Access::Public).cached(60),
    route("update-settings",   Method::PUT,    "/settings",             Access::Admin),
    route("update-order",      Method::PUT,    "/orders/{order_id}",    Access::Admin),
    route("track-order",       Method::GET,    "/orders/{order_id}/tracking", Access::Owner),
    route("list-all-orders",   Method::GET,    "/admin/orders",         Access::Admin),
    // inventory
    route("get-inventory",     Method::GET,    "/inventory/{sku}",      Access::Admin),
    route("list-inventory",    Method::GET,    "/inventory",            Access::Admin),
    route("set-inventory",     Method::PUT,    "/inventory/{sku}",      Access::Admin),
    route("adjust-inventory",  Method::POST,   "/inventory/{sku}/adjustments", Access::Admin),
    route("list-movements",    Method::GET,    "/inventory/{sku}/movements", Access::Admin),
    // reviews
    route("create-review",     Method::POST,   "/products/{product_id}/reviews", Access::Customer),
    route("list-reviews",      Method::GET,    "/products/{product_id}/reviews", Access::Public).cached(60),
    route("update-review",     Method::PUT,    "/products/{product_id}/reviews/{review_id}", Access::Customer),
    route("delete-review",     Method::DELETE, "/products/{product_id}/reviews/{review_id}", Access::Customer),
    route("moderate-review",   Method::PUT,    "/products/{product_id}/reviews/{review_id}/status", Access::Admin),
    route("list-all-reviews",  Method::GET,    "/admin/reviews",        Access::Admin),
];

const fn route(name: &'static str, method: Method, path: &'static str, access: Access) -> Route {
    of_any(name, Some(method), path, access)
}

const fn fallback(name: &'static str) -> Route {
    of_any(name, None, "/{*path}", Access::Public).without_database()
}

const fn of_any(
    name: &'static str,
    method: Option<Method>,
    path: &'static str,
    access: Access,
) -> Route {
    let (body_limit, accepts, deadline) = (BODY_LIMIT, Accepts::Json, None);
    let (also, max_age) = (&[] as &[&str], None);
    let (uses_database, loads_catalogue) = (true, false);
    Route {
        name,
        method,
        path,
        also,
        access,
        body_limit,
        accepts,
        deadline,
        max_age,
        uses_database,
        loads_catalogue,
    }
}

impl Route {
    /// Sets the most bytes of the request body.
    #[must_use]
    pub const fn up_to(mut self, body_limit: usize) -> Self {
        self.body_limit = body_limit;
        self
    }

    /// Sets the media types of the request body.
    #[must_use]
    pub const fn taking(mut self, accepts: Accepts) -> Self {
        self.accepts = accepts;
        self
    }

    /// Sets the deadline of a request, in seconds.
    #[must_use]
    pub const fn within(mut self, seconds: u64) -> Self {
        self.deadline = Some(Duration::from_secs(seconds));
        self
    }

    /// Lets any cache keep a 200 for this many seconds, and use it for as long again while it asks
    /// for the current one. Only GET routes that anyone may call can be cached; another one does
    /// not compile.
    #[must_use]
    pub const fn cached(mut self, seconds: u32) -> Self {
        let is_get = matches!(self.method, Some(Method::GET));
        assert!(is_get && matches!(self.access, Access::Public), "only public GETs can be cached");
        self.max_age = Some(seconds);
        self
    }

    /// Adds path patterns of the same function.
    #[must_use]
    pub const fn also(mut self, paths: &'static [&'static str]) -> Self {
        self.also = paths;
        self
    }

    /// Says that the function reads the whole catalogue: it loads it when it starts, and a request
    /// that has to load it again has ten seconds.
    #[must_use]
    pub const fn with_catalogue(mut self) -> Self {
        self.loads_catalogue = true;
        self.within(10)
    }

    /// Says that the function does not use the database.
    #[must_use]
    pub const fn without_database(mut self) -> Self {
        self.uses_database = false;
        self
    }

    /// Returns its path patterns, the main one first.
    pub fn paths(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.path).chain(self.also.iter().copied())
    }

    /// Returns its path pattern that matches a concrete path, the most specific one of several;
    /// `None` if none does.
    pub fn pattern_of(&self, path: &str) -> Option<&'static str> {
        let fitting = self.paths().filter(|pattern| matched(pattern, path).is_some());
        fitting.min_by_key(|pattern| parameter_positions(pattern))
    }

    /// Returns the parameters of a concrete path and their values; `None` if the path matches none
    /// of its patterns.
    pub fn parameters<'p>(&self, path: &'p str) -> Option<Vec<(&'static str, &'p str)>> {
        matched(self.pattern_of(path)?, path)
    }

    /// Whether this route's pattern is the most specific one that matches a concrete path. The
    /// gateway matches path and method together, and so may send a function a request for a more
    /// specific pattern that lacks the method.
    pub fn owns(&self, path: &str) -> bool {
        let is_own = |pattern| self.paths().any(|own| own == pattern);
        self.method.is_none() || most_specific(path).is_none_or(is_own)
    }
}

/// Returns the route with this name. In a `const`, an unknown name does not compile.
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

/// Returns the route that the gateway selects for a request: of those with this method, the one
/// with the most specific pattern that matches the path; else `route-not-found`.
pub fn find(method: &str, path: &str) -> &'static Route {
    let has_method =
        |route: &&Route| route.method.as_ref().is_some_and(|own| own.as_str() == method);
    let fitting = ROUTES.iter().filter(has_method);
    let fitting = fitting.filter_map(|route| Some((route, route.pattern_of(path)?)));
    let found = fitting.min_by_key(|(_, pattern)| parameter_positions(pattern));
    let fallback = || ROUTES.iter().find(|route| route.method.is_none());
    let found = found.map(|(route, _)| route).or_else(fallback);
    found.expect("one route matches everything")
}

/// Returns the methods of a concrete path, in the table's order; none if no pattern matches. Only
/// the most specific pattern counts.
pub fn methods_of(path: &str) -> Vec<&'static str> {
    let pattern = most_specific(path);
    let has_pattern = |route: &&Route| route.paths().any(|own| Some(own) == pattern);
    let routes = ROUTES.iter().filter(has_pattern);
    routes.filter_map(|route| route.method.as_ref()).map(Method::as_str).collect()
}

/// Returns the most specific pattern that matches a concrete path: of two, the one with a fixed
/// segment at the first position where the other has a parameter.
fn most_specific(path: &str) -> Option<&'static str> {
    let fitting = ROUTES.iter().filter_map(|route| route.pattern_of(path));
    fitting.min_by_key(|pattern| parameter_positions(pattern))
}

/// Returns the parameters of a concrete path and their values; `None` if the path does not match
/// the pattern.
fn matched<'p>(pattern: &'static str, path: &'p str) -> Option<Vec<(&'static str, &'p str)>> {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
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

/// Returns which segments of a pattern are parameters, as a sort key: more specific patterns sort
/// first.
fn parameter_positions(pattern: &str) -> Vec<bool> {
    pattern.split('/').map(|segment| parameter(segment).is_some()).collect()
}

/// Returns the name of the parameter in a segment of a pattern; `None` if the segment is fixed.
pub(super) fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}').filter(|name| !name.starts_with('*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_owned_by_its_most_specific_pattern() {
        assert!(named("get-me").owns("/users/me"));
        assert!(!named("get-user").owns("/users/me"));
        assert!(named("get-user").owns("/users/usr_1"));
        assert!(named("route-not-found").owns("/users/me"));
    }

    #[test]
    fn a_request_is_routed_to_the_most_specific_pattern_with_its_method() {
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
    fn a_route_may_have_further_paths() {
        assert_eq!(find("GET", "/").name, "get-health");
        assert_eq!(find("GET", "/docs").name, "get-docs");
        assert_eq!(find("GET", "/docs/a.js").name, "get-docs");
        assert_eq!(methods_of("/"), ["GET"]);
        assert_eq!(methods_of("/docs/a.js"), ["GET"]);
        assert!(named("get-docs").owns("/docs") && named("get-docs").owns("/docs/a.js"));
        let docs = named("get-docs");
        assert_eq!(docs.parameters("/docs"), Some(vec![]));
        assert_eq!(docs.parameters("/docs/a.js"), Some(vec![("file", "a.js")]));
        assert_eq!(docs.pattern_of("/docs/a.js"), Some("/docs/{file}"));
        assert_eq!(docs.pattern_of("/docs/a/b"), None);
    }

    #[test]
    fn a_route_sets_body_limit_media_types_and_deadline() {
        const MIB: usize = 1024 * 1024;
        const ROWS: Accepts = Accepts::OneOf(&["application/x-ndjson", "text/csv"]);
        #[rustfmt::skip]
        let routes = [
            route("pay-order",        Method::POST, "/orders/{order_id}/payments", Access::Owner).within(25),
            route("upload-rows",      Method::POST, "/rows",                       Access::Admin).up_to(4 * MIB).taking(ROWS).within(25),
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
    fn a_path_has_the_methods_of_its_most_specific_pattern() {
        assert_eq!(methods_of("/cart"), ["GET", "DELETE"]);
        assert_eq!(methods_of("/products/prd_1"), ["GET", "PUT", "DELETE"]);
        assert_eq!(methods_of("/cart/items/A-1"), ["PUT", "DELETE"]);
        assert_eq!(methods_of("/users/me"), ["GET", "PATCH"], "not those of a user by identifier");
        assert_eq!(methods_of("/users/usr_1"), ["GET", "PATCH", "DELETE"]);
        for path in ["", "/nothing", "/cart/", "/products/", "/products/1/2"] {
            assert!(methods_of(path).is_empty(), "{path}");
        }
    }
}
