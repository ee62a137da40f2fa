//! What is generated from the code, is as the code would generate it now.

use std::collections::BTreeSet;

use serde_json::json;
use shared::http::routes::ROUTES;
use tests::contract::{check, document, examples, files, recording};

#[test]
fn generated_files_are_up_to_date() {
    for file in files::all() {
        assert!(file.is_current(), "{} differs from the code: run `cargo openapi`", file.path);
    }
}

const RECORD: &str = "record it anew, as CONTRIBUTING.md says";

#[tokio::test]
async fn examples_are_what_the_demo_shop_answers() {
    let recorded = &examples::recorded()["operations"];
    let now = recording::operations().await;
    for (operation, example) in now.as_object().into_iter().flatten() {
        assert_eq!(&recorded[operation], example, "{operation}: {RECORD}");
    }
    assert_eq!(recorded, &now, "{RECORD}");
}

#[test]
fn every_problem_has_an_example_that_its_schema_allows() {
    for code in document::codes_of(&document::document(&json!({}))) {
        let example = &examples::recorded()["problems"][code];
        assert!(example.is_object(), "{code} has no example: {RECORD}");
        let broken = check::broken_example(code, example);
        assert_eq!(broken, None, "the example of {code}: {RECORD}");
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
