//! The workspace's packages, from `cargo metadata`.

use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use shared::http::routes::{ROUTES, Route};
use tests::demo::root;

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

pub fn metadata() -> &'static Value {
    static METADATA: OnceLock<Value> = OnceLock::new();
    METADATA.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
        let output = cargo.current_dir(root()).output().expect("cargo runs");
        serde_json::from_slice(&output.stdout).expect("metadata is JSON")
    })
}

pub fn binaries() -> Vec<Binary> {
    let packages = metadata()["packages"].as_array().expect("packages").iter();
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

/// Returns the routes that have a path of their own.
pub fn routes() -> impl Iterator<Item = (&'static Route, &'static str)> {
    ROUTES.iter().filter_map(|route| Some((route, route.method.as_ref()?.as_str())))
}
