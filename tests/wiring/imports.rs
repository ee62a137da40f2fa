//! Imports go one way, and no two files import each other. A failure names both files and the line
//! to remove.

mod graph;
mod source;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::Value;
use tests::demo::root;

use self::graph::Graph;
use crate::workspace::metadata;

/// The modules of `shared/`, by layer: each may import its own layer and those below. `lib` is
/// exempt: an item that it re-exports counts where it is defined. `jobs` lists the jobs, as
/// `http::routes` lists the routes.
const LAYERS: [&[&str]; 9] = [
    &["lib"],
    &["http", "jobs", "lambda"],
    &["services"],
    &["context"],
    &["auth", "mail", "payment"],
    &["store"],
    &["aws", "catalogue", "crypto"],
    &["config"],
    &["domain"],
];

/// The folders of the workspace's packages, and the ones that each may depend on.
const DEPENDENCIES: [(&str, &[&str]); 5] = [
    ("shared", &[]),
    ("functions", &["shared"]),
    ("operator", &["shared"]),
    ("local", &["functions", "shared"]),
    ("tests", &["functions", "local", "operator", "shared"]),
];

/// Crates that only some files may use: the crate, the folders in which it is not allowed, the
/// exceptions, and the reason.
const RESERVED: [(&str, &[&str], &[&str], &str); 5] = [
    (
        "aws_config",
        &["shared/", "functions/", "local/", "tests/"],
        &[],
        "only an operator's command needs more credentials than those of the environment",
    ),
    (
        "aws_sdk_dynamodb",
        &["shared/", "functions/", "operator/"],
        &["shared/aws/", "shared/store/"],
        "add a method to shared::store instead",
    ),
    (
        "aws_sdk_sesv2",
        &["shared/", "functions/"],
        &["functions/mail/src/ses"],
        "a mail is sent by a `Mailer` of shared::mail",
    ),
    ("dynoxide", &["shared/", "functions/"], &[], "a function must not link the local cloud"),
    ("lambda_http", &["shared/domain/"], &[], "the domain is pure: types and rules, no I/O"),
];

/// The import graph of every target of the workspace, by its root file.
fn graphs() -> &'static BTreeMap<String, Graph> {
    static GRAPHS: OnceLock<BTreeMap<String, Graph>> = OnceLock::new();
    GRAPHS.get_or_init(|| {
        let read = |path: &str| std::fs::read_to_string(root().join(path)).ok();
        let packages = list(&metadata()["packages"]);
        let targets = packages.flat_map(|package| list(&package["targets"]));
        let paths = targets.map(|target| relative(&target["src_path"]));
        paths.map(|path| (path.clone(), Graph::read(&path, read))).collect()
    })
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().expect("a list").iter()
}

/// Returns a path relative to the workspace.
fn relative(path: &Value) -> String {
    let path = std::path::Path::new(path.as_str().expect("a path"));
    let path = path.strip_prefix(root()).expect("a path in the workspace");
    path.to_str().expect("a UTF-8 path").to_owned()
}

/// Returns the index in `LAYERS` of a module of `shared/`.
fn layer(module: &[String]) -> Option<usize> {
    let name = module.first().map_or("lib", String::as_str);
    LAYERS.iter().position(|layer| layer.contains(&name))
}

#[track_caller]
fn expect_none(problems: &[String], rule: &str) {
    assert!(problems.is_empty(), "{rule}:\n{}", problems.join("\n"));
}

#[test]
fn no_files_import_each_other_in_a_cycle() {
    let cycles: Vec<_> = graphs().values().flat_map(Graph::cycles).collect();
    let cycles = cycles.into_iter().map(|cycle| {
        let files: BTreeSet<_> = cycle.iter().map(|edge| &edge.from).collect();
        let lines: Vec<_> = cycle.iter().map(|edge| format!("    {}", edge.text)).collect();
        format!("  {} files:\n{}", files.len(), lines.join("\n"))
    });
    expect_none(
        &cycles.collect::<Vec<_>>(),
        "no files may import each other, even in a longer cycle",
    );
}

#[test]
fn every_module_of_shared_has_a_layer() {
    for edge in graphs()["shared/lib.rs"].edges() {
        for module in [edge.from, edge.to] {
            let name = module.join("::");
            assert!(layer(&module).is_some(), "add {name} to LAYERS, {}", file!());
        }
    }
}

#[test]
fn a_layer_imports_itself_and_those_below() {
    let edges = graphs()["shared/lib.rs"].edges().into_iter();
    let upward = edges.filter(|edge| layer(&edge.to) < layer(&edge.from));
    let problems: Vec<_> = upward.map(|edge| format!("  {}", edge.text)).collect();
    let order: Vec<_> = LAYERS[1..].iter().map(|layer| layer.join(", ")).collect();
    expect_none(&problems, &format!("imports of shared go {}", order.join(" → ")));
}

#[test]
fn packages_depend_on_each_other_in_one_direction() {
    let folder = |path: &str| path.split('/').next().expect("a part").to_owned();
    let packages = || list(&metadata()["packages"]);
    let folders: BTreeMap<_, _> = packages()
        .map(|package| (package["name"].as_str(), folder(&relative(&package["manifest_path"]))))
        .collect();
    let mut problems = Vec::new();
    for package in packages() {
        let manifest = relative(&package["manifest_path"]);
        let (_, allowed) = DEPENDENCIES
            .into_iter()
            .find(|(name, _)| *name == folder(&manifest))
            .unwrap_or_else(|| panic!("add {manifest} to DEPENDENCIES, {}", file!()));
        let dependencies = list(&package["dependencies"]).map(|it| it["name"].as_str());
        for name in dependencies {
            if let Some(other) = folders.get(&name)
                && !allowed.contains(&other.as_str())
            {
                problems.push(format!("  {manifest} depends on {}", name.unwrap_or_default()));
            }
        }
    }
    expect_none(
        &problems,
        "functions → shared, operator → shared, local → functions, shared, tests → all",
    );
}

#[test]
fn reserved_crates_are_used_in_their_folders_only() {
    for (name, refused, allowed, why) in RESERVED {
        let begins = |path: &str, folders: &[&str]| folders.iter().any(|it| path.starts_with(it));
        let uses = graphs().values().flat_map(|graph| graph.uses_of(name));
        let uses = uses.filter(|(path, _)| begins(path, refused) && !begins(path, allowed));
        let problems: Vec<_> =
            uses.map(|(path, line)| format!("  {path}:{line} names {name}")).collect();
        expect_none(&problems, why);
    }
}
