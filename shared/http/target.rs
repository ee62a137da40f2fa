//! The target of a request: the path of the API, and the prefix before it.
//!
//! With a named stage or a custom domain's base path mapping, the gateway gives a function the
//! whole path, `/prod/orders/ord_1`. Its last part, `/orders/ord_1`, matches the route and is the
//! same for every mapping: routes, problems and idempotency use it. The rest is the prefix, with
//! which every link in a response begins (docs/decisions/0023-one-path-behind-every-mapping.md).

use super::event::Event;
use super::percent::{decode, encode, encode_path};
use super::routes::{Route, methods_of, parameter};

/// Prefix and path of a request, both percent-encoded, so that they are valid in any URL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Target {
    /// The part before the API's own path: `/prod`, or empty.
    pub prefix: String,
    /// The API's own path.
    pub path: String,
}

impl Target {
    /// Returns the target of a request that the gateway has sent to this route's function.
    /// `base_path` is a custom domain's base path: the pattern of `route-not-found` matches
    /// everything and so can't show where the prefix ends.
    pub fn of(event: &Event, route: &Route, base_path: &str) -> Self {
        let raw = event.raw_path.as_deref().unwrap_or_default();
        if route.method.is_none() {
            return Self::of_unknown(raw, event.request_context.stage.as_deref(), base_path);
        }
        route
            .paths()
            .find_map(|pattern| Self::by_pattern(raw, route, pattern))
            .or_else(|| route.paths().find_map(|own| Self::by_parameters(raw, own, event)))
            .unwrap_or_else(|| Self::new("", raw))
    }

    /// The path is the last segments, as many as the route's pattern has; `None` if they don't
    /// match it.
    fn by_pattern(raw: &str, route: &Route, pattern: &str) -> Option<Self> {
        let raw = raw.strip_suffix('/').unwrap_or(raw);
        let segments = pattern.matches('/').count();
        let (start, _) = raw.rmatch_indices('/').nth(segments.checked_sub(1)?)?;
        let (prefix, path) = raw.split_at(start);
        (route.pattern_of(path) == Some(pattern)).then(|| Self::new(prefix, path))
    }

    /// The path is the pattern with the values of its parameters. It is needed because the gateway
    /// decodes the path: an encoded slash in a parameter has made two segments of one.
    fn by_parameters(raw: &str, pattern: &str, event: &Event) -> Option<Self> {
        let given = event.path_parameters.as_ref()?;
        let own = pattern.split('/').filter(|segment| parameter(segment).is_some()).count();
        if own != given.len() {
            return None;
        }
        let value = |segment| match parameter(segment) {
            None => Some(segment),
            Some(name) => given.get(name).map(String::as_str),
        };
        let values = pattern.split('/').skip(1).map(value).collect::<Option<Vec<_>>>()?;
        let prefix = raw.strip_suffix(&format!("/{}", values.join("/"))).unwrap_or_default();
        let encoded = values.iter().map(|value| match decode(value) {
            Some(text) => encode(&text),
            None => encode(value),
        });
        let path = format!("/{}", encoded.collect::<Vec<_>>().join("/"));
        Some(Self { path, ..Self::new(prefix, "") })
    }

    /// The target of a request that matches no route, or none with its method: the path after the
    /// stage, the base path or both. The prefix is empty if only the whole path is known, or none
    /// of them begins it.
    fn of_unknown(raw: &str, stage: Option<&str>, base_path: &str) -> Self {
        let stage = stage.filter(|stage| *stage != "$default");
        let stage = stage.map(|stage| format!("/{stage}")).unwrap_or_default();
        let after = |prefix: String| {
            let path = raw.strip_prefix(&prefix)?;
            (path.is_empty() || path.starts_with('/')).then(|| Self::new(&prefix, path))
        };
        let prefixes = [format!("{base_path}{stage}"), stage, base_path.to_owned()];
        let prefixes = prefixes.into_iter().filter(|prefix| !prefix.is_empty());
        let mut targets: Vec<_> = prefixes.filter_map(after).collect();
        targets.push(Self::new("", raw));
        let known = targets.iter().position(|target| !methods_of(&target.path).is_empty());
        targets.swap_remove(known.unwrap_or_default())
    }

    fn new(prefix: &str, path: &str) -> Self {
        // `//host` would refer to another host.
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("/{prefix}") };
        let path = match path {
            path if path.starts_with("//") => format!("/.{path}"),
            path if path.starts_with('/') => path.to_owned(),
            path => format!("/{path}"),
        };
        Self { prefix: encode_path(&prefix), path: encode_path(&path) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::http::routes::named;

    fn target(route: &str, event: Value, base_path: &str) -> (String, String) {
        let event = serde_json::from_value(event).unwrap();
        let Target { prefix, path } = Target::of(&event, named(route), base_path);
        (prefix, path)
    }

    fn with(raw: &str) -> Value {
        json!({"rawPath": raw, "requestContext": {"stage": "$default"}})
    }

    fn pair(prefix: &str, path: &str) -> (String, String) {
        (prefix.to_owned(), path.to_owned())
    }

    #[test]
    fn a_path_has_as_many_segments_as_its_pattern() {
        for (route, raw, prefix, path) in [
            ("place-order", "/orders", "", "/orders"),
            ("place-order", "/prod/orders", "/prod", "/orders"),
            ("place-order", "/shop/v1/orders", "/shop/v1", "/orders"),
            ("place-order", "/orders/orders", "/orders", "/orders"),
            ("place-order", "/users/me/orders", "/users/me", "/orders"),
            ("place-order", "/prod/orders/", "/prod", "/orders"),
            ("place-order", "//evil.example/orders", "/evil.example", "/orders"),
            ("place-order", "/ä b/orders", "/%C3%A4%20b", "/orders"),
            ("get-order", "/prod/orders/ord_1", "/prod", "/orders/ord_1"),
            ("get-order", "/orders/orders/ord_1", "/orders", "/orders/ord_1"),
            ("get-user", "/shop/users/me", "/shop", "/users/me"),
            ("get-jwks", "/prod/.well-known/jwks.json", "/prod", "/.well-known/jwks.json"),
        ] {
            assert_eq!(target(route, with(raw), ""), pair(prefix, path), "{raw}");
        }
    }

    #[test]
    fn a_path_does_not_depend_on_how_a_value_is_encoded() {
        for raw in
            ["/shop/cart/items/TEE-M", "/shop/cart/items/TEE%2DM", "/shop/cart/items/T%45E-M"]
        {
            let found = target("update-cart-item", with(raw), "");
            assert_eq!(found, pair("/shop", "/cart/items/TEE-M"), "{raw}");
        }
    }

    #[test]
    fn a_slash_that_the_gateway_has_decoded_stays_in_its_parameter() {
        for (prefix, base) in [("", ""), ("/prod", "/prod")] {
            let event = json!({
                "rawPath": format!("{prefix}/cart/items/A/B ü"),
                "pathParameters": {"sku": "A/B ü"},
            });
            let found = target("update-cart-item", event, base);
            assert_eq!(found, pair(prefix, "/cart/items/A%2FB%20%C3%BC"));
        }
    }

    #[test]
    fn an_unmatched_path_begins_after_its_stage_or_base_path() {
        for (raw, stage, base, prefix, path) in [
            ("/prod/orders", "prod", "", "/prod", "/orders"),
            ("/prod/nothing", "prod", "", "/prod", "/nothing"),
            ("/prod", "prod", "", "/prod", "/"),
            ("/shop/orders", "$default", "/shop", "/shop", "/orders"),
            ("/shop/orders", "prod", "/shop", "/shop", "/orders"),
            ("/prod/orders", "prod", "/shop", "/prod", "/orders"),
            ("/shop/prod/orders", "prod", "/shop", "/shop/prod", "/orders"),
            ("/shop/nothing", "prod", "/shop", "/shop", "/nothing"),
            ("/shopping/orders", "prod", "/shop", "", "/shopping/orders"),
            ("/orders", "prod", "/shop", "", "/orders"),
            ("/orders/orders", "$default", "/orders", "/orders", "/orders"),
            ("/orders/ord_1", "$default", "/orders", "", "/orders/ord_1"),
            ("/orders", "orders", "", "/orders", "/"),
            ("", "$default", "", "", "/"),
            ("//orders", "$default", "", "", "/.//orders"),
            ("/orders/", "$default", "", "", "/orders/"),
        ] {
            let event = json!({"rawPath": raw, "requestContext": {"stage": stage}});
            let found = target("route-not-found", event, base);
            assert_eq!(found, pair(prefix, path), "{raw} at {stage}, {base}");
        }
    }
}
