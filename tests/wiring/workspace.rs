//! The workspace's packages, from `cargo metadata`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use local::template::Template;
use serde_json::Value;
use shared::http::routes::{ROUTES, Route};
use tests::demo::root;

/// A workspace and the routes that it should have: this one, or a copy with one more.
pub struct Tree {
    pub root: PathBuf,
    pub routes: Vec<Route>,
    pub template: Template,
    /// What Cargo knows about it.
    pub metadata: Value,
}

impl Tree {
    pub fn at(root: &Path, routes: Vec<Route>) -> Self {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
        let output = cargo.current_dir(root).output().expect("cargo runs");
        let metadata = serde_json::from_slice(&output.stdout).expect("metadata is JSON");
        let template = Template::read(&root.join("template.yaml")).expect("template.yaml");
        Self { root: root.to_owned(), routes, template, metadata }
    }

    pub fn binaries(&self) -> Vec<Binary> {
        binaries(&self.metadata)
    }

    /// The routes that have a path of their own.
    pub fn own_routes(&self) -> impl Iterator<Item = (&Route, &'static str, &str)> {
        self.routes
            .iter()
            .filter_map(|route| Some((route, route.method.as_ref()?.as_str())))
            .flat_map(|(route, method)| route.paths().map(move |path| (route, path, method)))
    }

    /// The event of a route.
    pub fn event(&self, name: &str) -> Value {
        let file = self.root.join("events").join(format!("{name}.json"));
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| {
            panic!("{}: {error}: add a request that succeeds", file.display())
        });
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }
}

/// The workspace that these tests belong to.
pub fn this() -> &'static Tree {
    static THIS: OnceLock<Tree> = OnceLock::new();
    THIS.get_or_init(|| Tree::at(root(), ROUTES.to_vec()))
}

pub fn metadata() -> &'static Value {
    &this().metadata
}

/// A binary of the workspace.
#[derive(Debug)]
pub struct Binary {
    pub name: String,
    /// The folder of its package under `functions/`; `None` for other packages.
    pub resource: Option<String>,
    /// The path of its file.
    pub path: String,
    /// Whether `cargo test` builds a test harness for it.
    pub is_tested: bool,
}

fn binaries(metadata: &Value) -> Vec<Binary> {
    let packages = metadata["packages"].as_array().expect("packages").iter();
    let targets = packages.flat_map(|package| {
        let manifest = package["manifest_path"].as_str().expect("a path");
        let resource = manifest.strip_suffix("/Cargo.toml").and_then(|folder| {
            let (parent, name) = folder.rsplit_once('/')?;
            parent.ends_with("/functions").then(|| name.to_owned())
        });
        let targets = package["targets"].as_array().expect("targets").iter();
        targets.map(move |target| (resource.clone(), target))
    });
    targets
        .filter(|(_, target)| target["kind"][0] == "bin")
        .map(|(resource, target)| Binary {
            name: target["name"].as_str().expect("a name").to_owned(),
            resource,
            path: target["src_path"].as_str().expect("a path").to_owned(),
            is_tested: target["test"] == true,
        })
        .collect()
}
