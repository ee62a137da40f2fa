//! What `cargo new-route` makes is wired up: the rules for this workspace's routes hold for a copy
//! of it with one more.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use lambda_http::http::Method;
use local::new_route::NewRoute;
use shared::http::routes::{Access, ROUTES, Route};
use tests::demo::root;

use crate::workspace::Tree;
use crate::{events, functions, router, rules};

/// A copy of the workspace, without what is built.
struct Copy(PathBuf);

impl Copy {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("bodega-new-route-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        copy(root(), &folder);
        Self(folder)
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.0.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let name = entry.file_name();
        if name == "target" || name.to_string_lossy().starts_with('.') {
            continue;
        }
        let (from, to) = (entry.path(), to.join(name));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).expect("a copy");
        }
    }
}

fn parse(line: &str) -> NewRoute {
    let words: Vec<_> = line.split(' ').collect();
    NewRoute::parse(&words).unwrap_or_else(|failure| panic!("{line}: {failure}"))
}

/// The page of all routes, with this one.
fn routes_with(new: &NewRoute) -> Vec<Route> {
    let mut route = ROUTES[0].clone();
    route.name = new.name.clone().leak();
    route.method = Method::from_bytes(new.method.as_bytes()).ok();
    route.path = new.path.clone().leak();
    route.also = &[];
    route.access = new.access;
    [ROUTES, &[route]].concat()
}

#[test]
fn a_route_that_was_made_is_everywhere_it_has_to_be() {
    for line in [
        "get-receipt GET /orders/{order_id}/receipt owner orders",
        "replace-cart PUT /cart customer cart",
        "rename-user PUT /users/{user_id}/names/{name} admin users",
        "ask-question POST /products/{product_id}/questions guest catalogue",
        "get-status GET /.well-known/status public platform",
        "confirm-email POST /auth/confirmations/{page} customer auth",
        "update-health PATCH /health admin platform",
        "a1-b2-c3 DELETE /a/{b}/{c_d}/e-f.g signature cart",
    ] {
        let (route, copy) = (parse(line), Copy::new());
        let files =
            route.write_files(&copy.0).unwrap_or_else(|failure| panic!("{line}: {failure}"));
        assert_eq!(files.len(), 10, "{line}");

        let tree = Tree::at(&copy.0, routes_with(&route));
        router::check_routes(&tree);
        router::check_fallback(&tree);
        functions::check_binaries(&tree);
        functions::check_harnesses(&tree);
        functions::check_template(&tree);
        rules::check_log_groups(&tree.template);
        events::check_events(&tree);
        events::check_tokens(&tree);

        let (name, module) = (&route.name, route.name.replace('-', "_"));
        let resource = &route.resource;
        let handler = copy.read(&format!("functions/{resource}/src/{module}.rs"));
        let needs_a_caller =
            !matches!(route.access, Access::Public | Access::Guest | Access::Signature);
        assert_eq!(handler.contains("request.caller()?"), needs_a_caller, "{line}");
        let page = copy.read("shared/http/routes.rs");
        assert_eq!(page.matches(&format!("(\"{name}\",")).count(), 1, "{line}");
        let contents = copy.read(&format!("functions/{resource}/src/lib.rs"));
        assert!(contents.contains(&format!("pub mod {module};")), "{line}");
        assert!(
            contents.contains(&format!("(\"{name}\", {module}::contract()),")),
            "{line}: {contents}"
        );
        let parameters = route.path.matches('{').count();
        assert_eq!(handler.matches(".path::<String>(").count(), parameters, "{line}: {handler}");
        assert!(
            contents.contains(&format!("(\"{name}\", Handler::new({module}::handle))")),
            "{line}"
        );
        let tests = copy.read(&format!("tests/api/routes/{resource}/mod.rs"));
        assert!(tests.contains(&format!("mod {module};")), "{line}");
    }
}

#[test]
fn a_route_that_cannot_be_made_leaves_everything_as_it_was() {
    let copy = Copy::new();
    let route = parse("get-receipt GET /orders/{order_id}/receipt owner orders");
    let event = copy.0.join("events/get-receipt.json");
    std::fs::write(&event, "mine").expect("a file");
    let page = copy.read("shared/http/routes.rs");
    let refusal = route.write_files(&copy.0).expect_err("a file in the way").to_string();
    assert!(refusal.contains("events/get-receipt.json"), "{refusal}");
    assert_eq!(copy.read("shared/http/routes.rs"), page);
    assert_eq!(copy.read("events/get-receipt.json"), "mine");

    std::fs::remove_file(event).expect("gone");
    route.write_files(&copy.0).expect("made");
    let page = copy.read("shared/http/routes.rs");
    let refusal = route.write_files(&copy.0).expect_err("made already").to_string();
    assert!(refusal.contains("shared/http/routes.rs"), "{refusal}");
    assert_eq!(copy.read("shared/http/routes.rs"), page);

    for resource in ["mail", "payments"] {
        let line = format!("get-secret GET /secret public {resource}");
        let refusal = parse(&line).write_files(&copy.0).expect_err("no such resource").to_string();
        assert!(refusal.contains("package"), "{refusal}");
    }
}
