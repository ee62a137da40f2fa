//! `sam local` runs every function against the local parts of the shop, with the variables in
//! `local/sam-local.json`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use tests::database::template;
use tests::demo::root;

use crate::parameters::is_accepted;

const FILE: &str = "local/sam-local.json";

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The environment variables that the template sets, each with its value.
fn variables() -> BTreeMap<&'static str, &'static Value> {
    let functions = template().resources("AWS::Serverless::Function");
    let functions = functions.map(|(_, function)| &function["Properties"]);
    let all = functions.chain([&template().as_value()["Globals"]["Function"]]);
    let variables = all.flat_map(|it| it["Environment"]["Variables"].as_object()).flatten();
    variables.map(|(name, value)| (name.as_str(), value)).collect()
}

/// Whether a value is that of a parameter. `sam local` knows parameters, but neither resources nor the
/// stack's name.
fn is_parameter(value: &Value) -> bool {
    let parameter = value["Ref"].as_str();
    parameter.is_some_and(|name| template().as_value()["Parameters"][name].is_object())
}

/// The variables of the file.
fn of_file() -> BTreeMap<String, String> {
    let file: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_str(&read(FILE)).expect("variables by function");
    let of_all = file.get("Parameters").expect("the variables of all functions");
    assert_eq!(file.len(), 1, "{FILE}: variables of single functions");
    of_all.clone()
}

#[test]
fn sam_local_gets_every_variable_that_only_a_stack_has() {
    let wanted = variables().into_iter().filter(|(_, value)| !is_parameter(value));
    let wanted: BTreeSet<_> = wanted.map(|(name, _)| name.to_owned()).collect();
    let has: BTreeSet<_> = of_file().into_keys().collect();
    assert_eq!(has, wanted, "{FILE} on the left, template.yaml on the right");
}

#[test]
fn sam_local_gets_the_values_of_cargo_dev() {
    let config = read(".cargo/config.toml");
    for (name, value) in of_file() {
        let line = config.lines().find_map(|line| line.strip_prefix(&format!("{name} = ")));
        let line = line.unwrap_or_else(|| panic!(".cargo/config.toml has no {name}"));
        // A container is not on this machine's loopback, and `sam local start-api` has a port of its own.
        let expected = match name.as_str() {
            "API_URL" => "http://127.0.0.1:3000".to_owned(),
            _ => line.trim_matches('"').replace("127.0.0.1", "host.docker.internal"),
        };
        assert_eq!(value, expected, "{FILE}: {name}");
    }
}

#[test]
fn the_documented_invocations_name_functions_events_and_parameters_that_exist() {
    let document = "docs/sam-local.md";
    let text = read(document).replace("\\\n", " ");
    let commands: Vec<_> = text.lines().filter(|line| line.starts_with("sam local ")).collect();
    assert!(!commands.is_empty(), "{document} has no commands");
    for command in commands {
        assert!(command.contains(&format!("--env-vars {FILE}")), "{document}: {command}");
        let words: Vec<_> = command.split_whitespace().collect();
        if words[2] == "invoke" {
            let mut functions = template().resources("AWS::Serverless::Function");
            assert!(functions.any(|(name, _)| name == words[3]), "{document}: {}", words[3]);
        }
        for pair in words.windows(2).filter(|pair| pair[0] == "--event") {
            assert!(root().join(pair[1]).exists(), "{document}: {}", pair[1]);
        }
        if let Some((_, parameters)) = command.split_once("--parameter-overrides ") {
            let own = parameters.split_whitespace().map_while(|word| word.split_once('='));
            for (name, value) in own {
                assert!(is_accepted(name, value), "{document}: {name}={value}");
            }
        }
    }
}
