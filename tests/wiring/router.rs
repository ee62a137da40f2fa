//! The routes and the router of `cargo lambda watch`, in the workspace's `Cargo.toml`, are the
//! same.

use std::collections::{BTreeMap, BTreeSet};

use crate::workspace::{Tree, this};

const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];
const FALLBACK: &str = "route-not-found";

/// Path and method → function; an entry without methods takes all of them.
fn router(tree: &Tree) -> BTreeMap<(String, String), String> {
    let entries = &tree.metadata["metadata"]["lambda"]["watch"]["router"];
    let entries = entries.as_array().expect("[workspace.metadata.lambda.watch] has a router");
    let mut router = BTreeMap::new();
    for entry in entries {
        let text = |name: &str| entry[name].as_str().expect(name).to_owned();
        let methods: Vec<_> = match entry["methods"].as_array() {
            Some(methods) => {
                methods.iter().map(|method| method.as_str().expect("a method")).collect()
            }
            None => METHODS.to_vec(),
        };
        for method in methods {
            let before = router.insert((text("path"), method.to_owned()), text("function"));
            assert_eq!(before, None, "the router has {method} {} twice", text("path"));
        }
    }
    router
}

#[test]
fn every_route_is_in_the_router() {
    check_routes(this());
}

pub fn check_routes(tree: &Tree) {
    let router = router(tree);
    for (route, path, method) in tree.own_routes() {
        let function = router.get(&(path.to_owned(), method.to_owned()));
        assert_eq!(
            function.map(String::as_str),
            Some(route.name),
            "Cargo.toml, [workspace.metadata.lambda.watch]: add {{ path = \"{path}\", methods = \
             [\"{method}\"], function = \"{}\" }}",
            route.name,
        );
    }
}

#[test]
fn unmatched_requests_go_to_route_not_found() {
    check_fallback(this());
}

pub fn check_fallback(tree: &Tree) {
    let router = router(tree);
    let own: BTreeSet<_> = tree.own_routes().map(|(_, path, method)| (path, method)).collect();
    let paths: BTreeSet<_> =
        tree.own_routes().map(|(_, path, _)| path).chain(["/", "/{*path}"]).collect();
    for path in paths {
        for method in METHODS.into_iter().filter(|method| !own.contains(&(path, method))) {
            let function = router.get(&(path.to_owned(), method.to_owned()));
            assert_eq!(
                function.map(String::as_str),
                Some(FALLBACK),
                "Cargo.toml, [workspace.metadata.lambda.watch]: send {method} {path} to {FALLBACK}",
            );
        }
    }
}

#[test]
fn the_router_has_nothing_else() {
    let tree = this();
    let mut known: BTreeSet<_> = tree.own_routes().map(|(_, path, _)| path).collect();
    known.extend(["/", "/{*path}"]);
    for ((path, method), function) in router(tree) {
        assert!(
            known.contains(path.as_str()),
            "the router sends {method} {path} to {function}, but no route has that path"
        );
    }
}
