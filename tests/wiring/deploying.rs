//! The commands of the documentation deploy the template as it is.

use local::template::Template;
use serde_json::json;
use tests::database::template;
use tests::demo::root;

use crate::parameters::is_accepted;

/// Returns the commands of a document's code blocks, each on one line.
fn commands(document: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(document)).expect("a document");
    let joined = text.replace("\\\n", " ");
    let is_command = |line: &&str| {
        let line = line.trim_start();
        ["sam ", "cargo lambda ", "rustup "].iter().any(|tool| line.starts_with(tool))
    };
    joined.lines().filter(is_command).map(|line| line.trim().to_owned()).collect()
}

#[test]
fn the_documented_deployments_ask_nothing_and_set_valid_parameters() {
    for document in ["README.md", "docs/operating.md"] {
        let commands = commands(document);
        let deployment = commands.iter().find(|it| it.starts_with("sam deploy"));
        let deployment = deployment.unwrap_or_else(|| panic!("{document} has no sam deploy"));
        for option in ["--stack-name", "--resolve-s3", "--capabilities CAPABILITY_IAM"] {
            assert!(deployment.contains(option), "{document}: {option}, or SAM fails or asks");
        }
        assert!(!deployment.contains("--guided"), "{document}: one Enter ends it");
        let (_, parameters) = deployment.split_once("--parameter-overrides").expect("parameters");
        let mut names = Vec::new();
        let pairs =
            parameters.trim().split(['\'', '\n']).flat_map(|part| match part.contains('"') {
                true => vec![part],
                false => part.split_whitespace().collect(),
            });
        for pair in pairs.filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').expect("Name=value");
            assert!(is_accepted(name, value.trim_matches('"')), "{document}: {pair}");
            names.push(name);
        }
        assert!(names.contains(&"MailFrom"), "{document}: the template's rule requires it");
    }
}

#[test]
fn what_a_deployment_needs_stands_before_its_commands() {
    for document in ["README.md", "docs/operating.md"] {
        let text = std::fs::read_to_string(root().join(document)).expect("a document");
        let (before, _) =
            text.split_once("\ncargo lambda build --release --arm64").expect("a build");
        let (_, before) = before.rsplit_once("## Deploying").expect("a section");
        for need in ["aarch64-unknown-linux-gnu", "zig", "cargo-lambda", "SAM CLI", "credentials"] {
            assert!(before.contains(need), "{document}: {need}");
        }
    }
}

#[test]
fn the_template_has_the_architecture_that_the_documentation_and_ci_build_for() {
    assert_eq!(template().as_value()["Parameters"]["Architecture"]["Default"], "arm64");
    let packages = "--workspace --exclude local --exclude operator --exclude tests";
    let build = format!("cargo lambda build --release --arm64 {packages}");
    for document in ["README.md", "docs/operating.md"] {
        assert!(commands(document).contains(&build), "{document}: {build}");
    }
    let ci = std::fs::read_to_string(root().join(".ci/run")).expect(".ci/run");
    assert!(ci.contains(&format!("functions=({packages})")), ".ci/run selects other packages");
    let arm64 = "cargo lambda build --release --arm64 \"${functions[@]}\"";
    assert!(ci.contains(arm64), ".ci/run: {arm64}");
}

/// The manual copies the table out of the template by lines, to import a table that lost its stack.
#[test]
fn the_tables_lines_in_the_template_are_a_template_of_their_own() {
    let manual = std::fs::read_to_string(root().join("docs/operating.md")).expect("the manual");
    assert!(manual.contains(r"sed -n '/^  Table:/,/^$/p' template.yaml"));
    let text = std::fs::read_to_string(root().join("template.yaml")).expect("the template");
    let lines = text.lines().skip_while(|line| !line.starts_with("  Table:"));
    let lines: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
    let copied = Template::parse(&format!("Resources:\n{}\n", lines.join("\n"))).expect("YAML");
    let whole = &template().as_value()["Resources"]["Table"];
    assert_eq!(copied.as_value()["Resources"], json!({"Table": whole}));
}
