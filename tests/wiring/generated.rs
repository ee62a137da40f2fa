//! What is generated from the code, is as the code would generate it now.

use std::collections::BTreeSet;

use shared::http::routes::ROUTES;
use tests::contract::{document, files};

#[test]
fn generated_files_are_up_to_date() {
    for file in files::all() {
        assert!(file.is_current(), "{} differs from the code: run `cargo openapi`", file.path);
    }
}

#[test]
fn every_route_has_an_entry_in_the_document() {
    let entries: Vec<_> =
        document::contracts().into_iter().map(|(_, route, _)| route.name).collect();
    for route in ROUTES.iter().filter(|route| route.method.is_some()) {
        let count = entries.iter().filter(|name| **name == route.name).count();
        assert_eq!(
            count, 1,
            "list {} once in `contracts()` of its functions/<resource>",
            route.name
        );
    }
    let names: BTreeSet<_> = ROUTES.iter().map(|route| route.name).collect();
    assert!(entries.iter().all(|name| names.contains(name)), "{entries:?}");
}
