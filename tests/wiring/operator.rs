//! `cargo shop` works on the local shop only when it is told to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use operator::shop::local;
use tests::demo::root;

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The variables that Cargo gives to every program that it runs: the local shop's.
fn env(cargo: &str) -> BTreeMap<&str, &str> {
    let (_, env) = cargo.split_once("[env]\n").expect("a section");
    let pairs = env.lines().filter_map(|line| line.split_once(" = \""));
    pairs.map(|(name, value)| (name, value.trim_end_matches('"'))).collect()
}

/// Returns the text of all files in a folder and in those below it.
fn sources(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten().map(|it| it.path());
    let text = |path: PathBuf| match path.is_dir() {
        true => sources(&path),
        false => std::fs::read_to_string(path).expect("a file"),
    };
    entries.map(text).collect()
}

#[test]
fn the_alias_empties_what_env_says_of_the_local_shop() {
    let cargo = read(".cargo/config.toml");
    let (_, alias) = cargo.split_once("shop = [").expect("an alias");
    let (alias, _) = alias.split_once("\n]").expect("its end");
    let sources = sources(&root().join("operator/src"));
    let is_read = |name: &str| name.starts_with("AWS_") || sources.contains(name);
    let read: Vec<_> = env(&cargo).into_keys().filter(|name| is_read(name)).collect();
    assert!(read.contains(&"TABLE_NAME") && read.contains(&"AWS_REGION"), "{read:?}");
    for name in read {
        let setting = format!("\"--config\", \"env.{name}=''\"");
        assert!(alias.contains(&setting), "add {setting} to the alias `shop`");
    }
}

#[test]
fn the_local_shop_is_that_of_cargo_dev() {
    let cargo = read(".cargo/config.toml");
    let env = env(&cargo);
    assert_eq!(env["TABLE_NAME"], local::TABLE);
    assert_eq!(env["AWS_ENDPOINT_URL_DYNAMODB"], local::ENDPOINT);
    assert_eq!(env["AWS_REGION"], local::REGION);
    assert_eq!(env["AWS_ACCESS_KEY_ID"], local::ACCESS_KEY);
    assert_eq!(env["AWS_SECRET_ACCESS_KEY"], local::ACCESS_KEY);
}
