//! Every route and job has a binary, a handler and a function in the template, and there are no
//! others.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::http::routes::ROUTES;
use shared::jobs::{JOBS, Trigger};
use tests::database::template;
use tests::policy::route_name;

use crate::workspace::{Tree, this};

fn names(tree: &Tree) -> BTreeSet<String> {
    let jobs = JOBS.iter().map(|job| job.name.to_owned());
    tree.routes.iter().map(|route| route.name.to_owned()).chain(jobs).collect()
}

/// Returns the template's resource of a route: `PlaceOrderFunction` for `place-order`.
fn resource_name(route: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    route.split('-').map(word).collect::<String>() + "Function"
}

#[test]
fn every_route_has_a_binary_of_five_lines() {
    check_binaries(this());
}

pub fn check_binaries(tree: &Tree) {
    let binaries = tree.binaries();
    for route in names(tree) {
        let file = format!("src/bin/{}.rs", route.replace('-', "_"));
        let binary = binaries.iter().find(|binary| binary.name == route).unwrap_or_else(|| {
            panic!("{route} has no binary: add {file} and its [[bin]] to functions/<resource>")
        });
        assert!(binary.path.ends_with(&file), "{route} belongs into {file}, not {}", binary.path);
        let text = std::fs::read_to_string(&binary.path).expect("a file");
        let code = text.lines().filter(|line| !line.is_empty() && !line.starts_with("//")).count();
        assert!(code <= 8, "{file} has {code} lines of code: move the logic into the library");
        assert!(
            text.contains(&format!("named(\"{route}\")")),
            "{file} runs another route than {route}"
        );
    }
}

#[test]
fn the_binaries_that_load_the_catalogue_are_those_whose_routes_say_so() {
    let tree = this();
    for binary in tree.binaries() {
        let Some(route) = ROUTES.iter().find(|route| route.name == binary.name) else {
            continue;
        };
        let text = std::fs::read_to_string(&binary.path).expect("a file");
        let loads = text.contains("lambda::run_with_catalogue(");
        assert_eq!(
            loads, route.loads_catalogue,
            "{}: `run_with_catalogue` and the line",
            route.name
        );
    }
}

#[test]
fn every_binary_has_a_route() {
    let names = names(this());
    for binary in this().binaries() {
        let Some(resource) = &binary.resource else { continue };
        assert!(
            names.contains(&binary.name),
            "functions/{resource} has the binary {}, which is neither a route nor a job: add it to \
             shared/http/routes.rs or shared/jobs.rs",
            binary.name,
        );
    }
}

#[test]
fn no_binary_links_a_test_harness() {
    check_harnesses(this());
}

pub fn check_harnesses(tree: &Tree) {
    for binary in tree.binaries() {
        assert!(!binary.is_tested, "add `test = false` to the [[bin]] of {}", binary.name);
    }
}

#[test]
fn every_route_has_a_handler() {
    let handlers: Vec<_> = tests::app::handlers().into_iter().map(|(name, _)| name).collect();
    for route in ROUTES.iter().map(|route| route.name) {
        let count = handlers.iter().filter(|handler| **handler == route).count();
        assert_eq!(count, 1, "list {route} once in `handlers()` of its functions/<resource>");
    }
    assert_eq!(handlers.len(), ROUTES.len(), "a handler's name is not a route: {handlers:?}");
}

#[test]
fn every_job_has_a_handler() {
    let handlers: Vec<_> = tests::app::job_handlers().into_iter().map(|(name, _)| name).collect();
    let jobs: Vec<_> = JOBS.iter().map(|job| job.name).collect();
    assert_eq!(handlers, jobs, "`job_handlers()` in tests/app.rs has the jobs of shared/jobs.rs");
}

#[test]
fn every_job_has_the_trigger_that_jobs_rs_declares() {
    for job in JOBS {
        let name = resource_name(job.name);
        let mut functions = template().resources("AWS::Serverless::Function");
        let (_, function) = functions.find(|(own, _)| *own == name).unwrap_or_else(|| {
            panic!("add {name} to template.yaml, next to the others of its resource")
        });
        let properties = &function["Properties"];
        assert_eq!(properties["CodeUri"], format!("target/lambda/{}/", job.name), "{name}");
        let events = properties["Events"].as_object().into_iter().flatten();
        let mut kinds: Vec<_> = events.filter_map(|(_, event)| event["Type"].as_str()).collect();
        kinds.sort_unstable();
        let mut wanted: Vec<_> = job.triggers.iter().copied().filter_map(event_type).collect();
        wanted.sort_unstable();
        assert_eq!(kinds, wanted, "{name}, its Events");
    }
}

/// Returns the type of the template's event for a trigger; `None` for a job that an operator
/// starts.
fn event_type(trigger: Trigger) -> Option<&'static str> {
    match trigger {
        Trigger::Stream => Some("DynamoDB"),
        Trigger::Schedule => Some("Schedule"),
        Trigger::Command => None,
    }
}

#[test]
fn every_route_has_a_function_in_the_template() {
    check_template(this());
}

pub fn check_template(tree: &Tree) {
    for route in &tree.routes {
        let name = resource_name(route.name);
        let mut functions = tree.template.resources("AWS::Serverless::Function");
        let (_, function) = functions.find(|(own, _)| *own == name).unwrap_or_else(|| {
            panic!("add {name} to template.yaml, next to the others of its resource")
        });
        let properties = &function["Properties"];
        assert_eq!(properties["CodeUri"], format!("target/lambda/{}/", route.name), "{name}");
        for (path, number) in route.paths().zip(1..) {
            let event = if number == 1 { "Route".to_owned() } else { format!("Route{number}") };
            let wanted = gateway_route(route, path);
            assert_eq!(properties["Events"][&event], wanted, "{name}, its event `{event}`");
        }
    }
}

fn gateway_route(route: &shared::http::routes::Route, path: &str) -> Value {
    let api = json!({"Ref": "Api"});
    let properties = match &route.method {
        None => json!({"ApiId": api}),
        Some(method) => json!({"ApiId": api, "Method": method.as_str(), "Path": path}),
    };
    json!({"Type": "HttpApi", "Properties": properties})
}

#[test]
fn every_function_in_the_template_has_a_route() {
    let names = names(this());
    for (name, _) in template().resources("AWS::Serverless::Function") {
        let route = route_name(name);
        assert!(
            names.contains(&route),
            "template.yaml has {name}, but neither shared/http/routes.rs nor shared/jobs.rs has {route}"
        );
    }
}
