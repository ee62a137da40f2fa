//! `cargo new-route`: generates the files of a new route and adds it to the existing ones, so that
//! only its handler, its policy and its tests are left to write.
//!
//! Prepares all files in memory first; if one of them can't be changed, it writes nothing.

mod files;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use shared::http::routes::{Access, ROUTES, Route};
use shared::jobs::JOBS;

use self::files::RouteFiles;
use crate::failure::{Explain, Failure, Result};

/// The help text.
pub const HELP: &str = "\
cargo new-route: generates the files of a new route, for you to complete

Usage: cargo new-route NAME METHOD PATH ACCESS RESOURCE

  NAME       <verb>-<resource>, with a verb of the shop, such as get-receipt
  METHOD     GET, POST, PUT, PATCH or DELETE
  PATH       with its parameters, such as /orders/{order_id}/receipt
  ACCESS     public, guest, customer, owner, admin or signature
  RESOURCE   a folder of functions/ that has routes, such as orders

Example: cargo new-route get-receipt GET '/orders/{order_id}/receipt' owner orders
";

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

const ACCESS: [(&str, Access); 6] = [
    ("public", Access::Public),
    ("guest", Access::Guest),
    ("customer", Access::Customer),
    ("owner", Access::Owner),
    ("admin", Access::Admin),
    ("signature", Access::Signature),
];

/// A route to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRoute {
    /// The name of its function, binary and event.
    pub name: String,
    /// Method.
    pub method: String,
    /// Path, with `{parameters}`.
    pub path: String,
    /// Who may call it.
    pub access: Access,
    /// The folder of its package in `functions/`.
    pub resource: String,
}

/// Runs `cargo new-route` with the arguments of this process.
pub fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    match NewRoute::parse(&arguments).and_then(|route| Ok((route.write_files(root)?, route))) {
        Ok((files, route)) => {
            for file in files {
                println!("{}", file.display());
            }
            print!("{}", route.remaining_work());
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("cargo new-route: {failure}");
            ExitCode::FAILURE
        }
    }
}

impl NewRoute {
    /// Parses the arguments: name, method, path, access and resource. Fails for a name or a path
    /// that is invalid or conflicts with an existing route.
    pub fn parse(arguments: &[impl AsRef<str>]) -> Result<Self> {
        let arguments: Vec<_> = arguments.iter().map(AsRef::as_ref).collect();
        let [name, method, path, access, resource] = arguments[..] else {
            return Err(Failure::new(format!(
                "expected NAME METHOD PATH ACCESS RESOURCE, not {} arguments; `cargo \
                 new-route --help` has an example",
                arguments.len()
            )));
        };
        let invalid = |what: &str| Err(Failure::new(what));
        if !is_name(name) {
            return invalid(&format!(
                "«{name}» is not a route name: write <verb>-<resource>, such as place-order"
            ));
        }
        if !METHODS.contains(&method) {
            return invalid(&format!("«{method}» is not one of {}", METHODS.join(", ")));
        }
        let Some((_, access)) = ACCESS.into_iter().find(|(word, _)| *word == access) else {
            let words = ACCESS.map(|(word, _)| word).join(", ");
            return invalid(&format!("«{access}» is not one of {words}"));
        };
        // It becomes part of paths.
        if !resource.chars().all(|char| char.is_ascii_lowercase() || "-_".contains(char)) {
            return invalid(&format!("«{resource}» is not a folder of functions/"));
        }
        check_path(path)?;
        check_conflicts(name, method, path)?;
        Ok(Self {
            name: name.to_owned(),
            method: method.to_owned(),
            path: path.to_owned(),
            access,
            resource: resource.to_owned(),
        })
    }

    /// Writes all of the route's files in the workspace at `root`, or none; returns the paths of
    /// the files that it has written.
    pub fn write_files(&self, root: &Path) -> Result<Vec<PathBuf>> {
        let files = RouteFiles::of(self, root)?.files()?;
        for (file, text) in &files {
            let path = root.join(file);
            std::fs::write(&path, text).explain(|| format!("can't write {}", path.display()))?;
        }
        Ok(files.into_iter().map(|(file, _)| file).collect())
    }

    /// Returns the list of what the developer has to write.
    fn remaining_work(&self) -> String {
        let Self { name, resource, .. } = self;
        let module = self.module();
        format!(
            "\
Left to write, see docs/adding-a-route.md; `cargo test` fails until then:
  functions/{resource}/src/{module}.rs: its contract and its handler
  template.yaml, {}: its policy, with the DynamoDB actions of its store methods
  events/{name}.json: a request that succeeds in the demo shop
  tests/rights/main.rs, `tour`: requests that use every right of its policy
  tests/api/routes/{resource}/{module}.rs: its tests
  tests/api/capacity.rs, docs/figures.md, docs/data-model.md: what it costs
",
            self.function()
        )
    }

    /// Returns the name of its module, such as `get_receipt`.
    fn module(&self) -> String {
        self.name.replace('-', "_")
    }

    /// Returns the name of its function in the template, such as `GetReceiptFunction`.
    fn function(&self) -> String {
        format!("{}Function", self.logical_name())
    }

    /// Returns the prefix of its names in the template, such as `GetReceipt`.
    fn logical_name(&self) -> String {
        self.name.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
    }

    /// Returns the name of the variant of [`Access`], such as `Owner`.
    fn access_name(&self) -> String {
        format!("{:?}", self.access)
    }

    /// Whether its caller must be signed in.
    fn is_signed_in(&self) -> bool {
        !matches!(self.access, Access::Public | Access::Signature)
    }

    /// Whether its requests have a body.
    fn has_body(&self) -> bool {
        ["POST", "PUT", "PATCH"].contains(&self.method.as_str())
    }
}

fn is_name(name: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit())
    };
    name.contains('-') && name.split('-').all(is_word)
}

/// Returns the name of the parameter in a path segment such as `{order_id}`; `None` for other text.
fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}'))
}

fn check_path(path: &str) -> Result<()> {
    let invalid = |why: &str| Err(Failure::new(format!("the path {path}: {why}")));
    let Some(segments) = path.strip_prefix('/') else { return invalid("it must begin with /") };
    let mut parameters = Vec::new();
    for segment in segments.split('/') {
        let lowercase = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit();
        match parameter(segment) {
            Some(name) if !name.is_empty() && name.chars().all(|c| lowercase(c) || c == '_') => {
                if parameters.contains(&name) {
                    return invalid(&format!("it has {segment} twice"));
                }
                parameters.push(name);
            }
            Some(_) => return invalid("a parameter is written {order_id}"),
            None if segment.is_empty() => return invalid("a segment is empty"),
            None if [".", ".."].contains(&segment) => {
                return invalid("a URL can't have a segment . or ..: clients remove it");
            }
            None if segment.chars().all(|c| lowercase(c) || c == '-' || c == '.') => {}
            None => return invalid("a segment may have only lower-case letters, digits, - and ."),
        }
    }
    Ok(())
}

/// Fails if the name or the method and path exist, or if the path has another parameter name than
/// an existing route in the same place, which the emulator's router does not support.
fn check_conflicts(name: &str, method: &str, path: &str) -> Result<()> {
    if ROUTES.iter().any(|route| route.name == name) {
        return Err(Failure::new(format!("the route {name} exists already")));
    }
    if JOBS.iter().any(|job| job.name == name) {
        return Err(Failure::new(format!("the job {name} exists already")));
    }
    for Route { name, method: own, path: other, .. } in ROUTES {
        if *other == path && own.as_ref().is_some_and(|own| own.as_str() == method) {
            return Err(Failure::new(format!("{method} {path} is already the route {name}")));
        }
        for (segment, other) in path.split('/').zip(other.split('/')) {
            if segment == other {
                continue;
            }
            if parameter(segment).is_some()
                && parameter(other).is_some_and(|own| !own.starts_with('*'))
            {
                return Err(Failure::new(format!(
                    "the path of {name} has the parameter {other} where this path has {segment}: \
                     the emulator's router needs the same name in both"
                )));
            }
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<NewRoute> {
        NewRoute::parse(&line.split_whitespace().collect::<Vec<_>>())
    }

    #[test]
    fn arguments_are_parsed() {
        let route = parse("get-receipt GET /orders/{order_id}/receipt owner orders").unwrap();
        assert_eq!(route.path, "/orders/{order_id}/receipt");
        assert_eq!(route.access, Access::Owner);
        assert_eq!(route.function(), "GetReceiptFunction");
        assert!(parse("clear-orders DELETE /orders admin orders").is_ok());
    }

    #[test]
    fn an_invalid_argument_is_an_error_that_names_it() {
        for (line, named) in [
            ("get-receipt GET /orders/{order_id}/receipt owner", "4 arguments"),
            ("track GET /receipt public orders", "«track»"),
            ("Get-receipt GET /receipt public orders", "«Get-receipt»"),
            ("get_receipt GET /receipt public orders", "«get_receipt»"),
            ("get--receipt GET /receipt public orders", "«get--receipt»"),
            ("get-receipt get /receipt public orders", "«get»"),
            ("get-receipt OPTIONS /receipt public orders", "«OPTIONS»"),
            ("get-receipt GET /receipt anybody orders", "«anybody»"),
            ("get-receipt GET tracking public orders", "begin with /"),
            ("get-receipt GET / public orders", "empty"),
            ("get-receipt GET /receipt/ public orders", "empty"),
            ("get-receipt GET /receipt/.. public orders", "URL"),
            ("get-receipt GET /./receipt public orders", "URL"),
            ("get-receipt GET /receipt public ../functions/orders", "folder"),
            ("get-receipt GET /receipt public orders/", "folder"),
            ("erase-users POST /erasures admin orders", "erase-users"),
            ("deliver-mail POST /mails admin orders", "deliver-mail"),
            ("get-receipt GET /Receipt public orders", "lower-case"),
            ("get-receipt GET /receipt/{orderId} public orders", "{order_id}"),
            ("get-receipt GET /receipt/{} public orders", "{order_id}"),
            ("get-receipt GET /receipt/{*rest} public orders", "{order_id}"),
            ("get-receipt GET /receipt/{order_id public orders", "lower-case"),
            ("get-receipt GET /a/{order_id}/{order_id} public orders", "twice"),
            ("place-order GET /receipt public orders", "place-order"),
            ("get-receipt GET /orders/{order_id} owner orders", "get-order"),
            ("get-receipt GET /orders/{id}/receipt owner orders", "{order_id}"),
        ] {
            let words = parse(line).unwrap_err().to_string();
            assert!(words.contains(named), "{line}: {words}");
        }
    }
}
