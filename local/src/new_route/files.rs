//! Generates the text of each file that a new route creates or changes.

use std::path::{Path, PathBuf};

use serde_json::Value;
use shared::http::routes::{Access, ROUTES, named};

use super::{NewRoute, parameter};
use crate::failure::{Explain, Failure, Result};

/// All methods that the emulator's router must map: those without a route go to `route-not-found`.
const ROUTER_METHODS: [&str; 8] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"];

/// Written instead of a value that no existing event has, for the developer to replace.
const PLACEHOLDER: &str = "CHANGE-ME";

/// The files of a new route in the workspace at `root`.
pub(super) struct RouteFiles<'a> {
    route: &'a NewRoute,
    root: &'a Path,
    /// The existing routes of its resource, in the order of `shared/http/routes.rs`.
    siblings: Vec<&'static str>,
}

impl<'a> RouteFiles<'a> {
    /// Prepares the files of `route`; fails unless its resource has routes already.
    pub fn of(route: &'a NewRoute, root: &'a Path) -> Result<Self> {
        let mut places = Self { route, root, siblings: Vec::new() };
        let manifest = places.read(&places.manifest()).map_err(|_| no_resource(route))?;
        let binary = |name: &str| manifest.contains(&format!("name = \"{name}\""));
        places.siblings = ROUTES
            .iter()
            .filter(|route| route.method.is_some() && binary(route.name))
            .map(|route| route.name)
            .collect();
        if places.siblings.is_empty() {
            return Err(no_resource(route));
        }
        Ok(places)
    }

    /// Returns the path and the new text of every file.
    pub fn files(&self) -> Result<Vec<(PathBuf, String)>> {
        let NewRoute { name, resource, .. } = self.route;
        let module = self.route.module();
        let folder = format!("functions/{resource}/src");
        let tests = format!("tests/api/routes/{resource}");
        Ok(vec![
            self.edited("shared/http/routes.rs", |text| self.routes_rs(text))?,
            self.created(&format!("{folder}/{module}.rs"), self.handler())?,
            self.edited(&format!("{folder}/lib.rs"), |text| self.lib_rs(text))?,
            self.created(&format!("{folder}/bin/{module}.rs"), self.binary()?)?,
            self.edited(&self.manifest(), |text| Some(self.with_binary(text)))?,
            self.edited("template.yaml", |text| self.template(text))?,
            self.edited("Cargo.toml", |text| self.router(text))?,
            self.created(&format!("events/{name}.json"), self.event()?)?,
            self.created(&format!("{tests}/{module}.rs"), self.tests())?,
            self.edited(&format!("{tests}/mod.rs"), |text| {
                with_module(text, &format!("mod {module};"))
            })?,
        ])
    }

    fn manifest(&self) -> String {
        format!("functions/{}/Cargo.toml", self.route.resource)
    }

    fn read(&self, file: &str) -> Result<String> {
        std::fs::read_to_string(self.root.join(file)).explain(|| format!("can't read {file}"))
    }

    /// Returns an existing file, changed by `change`.
    fn edited(
        &self,
        file: &str,
        change: impl FnOnce(&str) -> Option<String>,
    ) -> Result<(PathBuf, String)> {
        let text = change(&self.read(file)?);
        let text = text.ok_or(
            "it has the route already, or its form is not the expected one: add the route by hand",
        );
        Ok((file.into(), text.explain(|| file.to_owned())?))
    }

    /// Returns a new file; fails if it exists.
    fn created(&self, file: &str, text: String) -> Result<(PathBuf, String)> {
        if self.root.join(file).exists() {
            return Err(Failure::new(format!("{file} exists already")));
        }
        Ok((file.into(), text))
    }

    /// Adds a line to `shared/http/routes.rs`, after the last route of the resource.
    fn routes_rs(&self, text: &str) -> Option<String> {
        let NewRoute { name, method, path, .. } = self.route;
        if text.contains(&format!("\"{name}\"")) {
            return None;
        }
        let last = format!("(\"{}\",", self.siblings.last()?);
        let (name, method) = (format!("\"{name}\","), format!("Method::{method},"));
        let (path, access) = (format!("\"{path}\","), self.route.access_name());
        let line = format!("    route({name:<20} {method:<15} {path:<24} Access::{access}),");
        insert_after(text, |line| line.contains(&last), |line| line.ends_with("),"), &line)
    }

    fn handler(&self) -> String {
        let NewRoute { name, method, path, .. } = self.route;
        let caller = match self.route.access {
            Access::Public | Access::Signature => "request",
            Access::Guest => "request.caller().ok()",
            Access::Customer | Access::Owner | Access::Admin => "request.caller()?",
        };
        let parameters = path.split('/').filter_map(parameter);
        let parameters: String = parameters
            .map(|name| format!("\n        .path::<String>(\"{name}\", \"What it names.\")"))
            .collect();
        format!(
            "\
//! `{method} {path}`: what it does.
//!
//! Who may call it, and the errors it returns.

use shared::domain::error::Error;
use shared::http::contract::{{Contract, Success}};
use shared::http::{{Request, Response}};
use shared::{{Ctx, Result}};

/// The route's entry in the API document.
pub fn contract() -> Contract {{
    Contract::new(\"What it does\"){parameters}
        .responds(Success::no_content(\"It is done.\"))
}}

pub async fn handle(_ctx: &Ctx, request: Request) -> Result<Response> {{
    let _caller = {caller};

    Err(Error::internal(\"{name} is not written yet\"))
}}
"
        )
    }

    /// Adds the module and the handler to the resource's `lib.rs`.
    fn lib_rs(&self, text: &str) -> Option<String> {
        let (name, module) = (&self.route.name, self.route.module());
        let text = with_module(text, &format!("pub mod {module};"))?;
        let handler = format!("        (\"{name}\", Handler::new({module}::handle)),\n");
        let text = with_element(&text, "pub fn handlers()", &handler)?;
        let contract = format!("        (\"{name}\", {module}::contract()),\n");
        with_element(&text, "pub fn contracts()", &contract)
    }

    /// Generates the Lambda binary.
    fn binary(&self) -> Result<String> {
        let (name, module) = (&self.route.name, self.route.module());
        let manifest = self.read(&self.manifest())?;
        let package = manifest.lines().find_map(|line| line.strip_prefix("name = \""));
        let package = package.map(|rest| rest.trim_end_matches('"').replace('-', "_"));
        let package = package.ok_or_else(|| no_resource(self.route))?;
        Ok(format!(
            "\
//! The Lambda function `{name}`.

#[tokio::main(flavor = \"current_thread\")]
async fn main() -> shared::lambda::Exit {{
    shared::lambda::run(
        const {{ shared::http::routes::named(\"{name}\") }},
        {package}::{module}::handle,
    )
    .await
}}
"
        ))
    }

    fn with_binary(&self, manifest: &str) -> String {
        let (name, module) = (&self.route.name, self.route.module());
        let manifest = manifest.trim_end();
        format!(
            "{manifest}\n\n[[bin]]\nname = \"{name}\"\npath = \"src/bin/{module}.rs\"\ntest = false\n"
        )
    }

    /// Adds the function to the template, with the policy that every route needs: read the signing
    /// keys and, on a signed-in route, the caller's security item.
    fn template(&self, text: &str) -> Option<String> {
        let NewRoute { name, method, path, .. } = self.route;
        let (function, logical) = (self.route.function(), self.route.logical_name());
        let path = if path.contains('{') { format!("\"{path}\"") } else { path.clone() };
        let keys =
            if self.route.is_signed_in() { "SIGNING_KEYS, \"USER#*\"" } else { "SIGNING_KEYS" };
        let new = format!(
            "
  {function}:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: target/lambda/{name}/
      Events:
        Route: {{Type: HttpApi, Properties: {{ApiId: !Ref Api, Method: {method}, Path: {path}}}}}
      Policies:
        - Version: \"2012-10-17\"
          Statement:
            - {{Effect: Allow, Action: \"dynamodb:GetItem\", Resource: !GetAtt Table.Arn,
               Condition: {{\"ForAllValues:StringLike\": {{\"dynamodb:LeadingKeys\": [{keys}]}}}}}}
      LoggingConfig: {{LogGroup: !Ref {logical}Logs}}
  {logical}Logs: {{Type: AWS::Logs::LogGroup, Properties: {{RetentionInDays: !Ref LogRetentionDays}}}}"
        );
        let last = format!("      CodeUri: target/lambda/{}/", self.siblings.last()?);
        let is_log_group = |line: &str| line.contains("Type: AWS::Logs::LogGroup");
        insert_after(text, |line| line == last, is_log_group, &new)
    }

    /// Adds the route to the emulator's router in `Cargo.toml`, and maps the path's other methods
    /// to `route-not-found`.
    fn router(&self, text: &str) -> Option<String> {
        let NewRoute { name, method, path, .. } = self.route;
        let entry = |methods: &[&str], function: &str| {
            let methods: Vec<_> = methods.iter().map(|method| format!("\"{method}\"")).collect();
            let methods = methods.join(", ");
            format!(
                "    {{ path = \"{path}\", methods = [{methods}], function = \"{function}\" }},"
            )
        };
        let own = entry(&[method], name);
        let taken = ROUTES.iter().filter(|route| route.path == path);
        let taken: Vec<_> =
            taken.filter_map(|route| Some(route.method.as_ref()?.as_str())).collect();
        let lacks = |taken: &[&str]| -> Vec<&str> {
            let lacks = |method: &&str| !taken.contains(method);
            ROUTER_METHODS.into_iter().filter(lacks).collect()
        };
        let rest = entry(&lacks(&[&taken[..], &[method]].concat()), "route-not-found");
        if taken.is_empty() {
            let sibling = named(self.siblings.last()?);
            let last = format!("    {{ path = \"{}\",", sibling.path);
            let is_rest = |line: &str| line.contains("\"route-not-found\"");
            let starts = |line: &str| line.starts_with(&last);
            return insert_after(text, starts, is_rest, &format!("{own}\n{rest}"));
        }
        let before = entry(&lacks(&taken), "route-not-found");
        text.contains(&before).then(|| text.replacen(&before, &format!("{own}\n{rest}"), 1))
    }

    /// Generates an event of the gateway. Path parameters have the values of other events, which
    /// exist in the demo shop, or [`PLACEHOLDER`].
    fn event(&self) -> Result<String> {
        let NewRoute { method, path, .. } = self.route;
        let mut values = Vec::new();
        for name in path.split('/').filter_map(parameter) {
            values.push((name, self.value_of(name)?));
        }
        let raw_path = values
            .iter()
            .fold(path.clone(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value));
        let parameters = match &values[..] {
            [] => String::new(),
            values => {
                let lines =
                    values.iter().map(|(name, value)| format!("    \"{name}\": \"{value}\""));
                let lines = lines.collect::<Vec<_>>().join(",\n");
                format!("  \"pathParameters\": {{\n{lines}\n  }},\n")
            }
        };
        let token = match self.token()? {
            Some(token) => format!("    \"authorization\": \"{token}\",\n"),
            None => String::new(),
        };
        let (kind, body) = if self.route.has_body() {
            let kind =
                "    \"content-length\": \"2\",\n    \"content-type\": \"application/json\",\n";
            (kind, "  \"body\": \"{}\",\n")
        } else {
            ("", "")
        };
        Ok(format!(
            r#"{{
  "version": "2.0",
  "routeKey": "{method} {path}",
  "rawPath": "{raw_path}",
  "rawQueryString": "",
  "headers": {{
    "accept": "application/json",
{token}{kind}    "host": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
    "user-agent": "curl/8.5.0",
    "x-forwarded-for": "203.0.113.7",
    "x-forwarded-port": "443",
    "x-forwarded-proto": "https"
  }},
{parameters}  "requestContext": {{
    "accountId": "123456789012",
    "apiId": "a1b2c3d4e5",
    "domainName": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com",
    "domainPrefix": "a1b2c3d4e5",
    "http": {{
      "method": "{method}",
      "path": "{raw_path}",
      "protocol": "HTTP/1.1",
      "sourceIp": "203.0.113.7",
      "userAgent": "curl/8.5.0"
    }},
    "requestId": "JKJaXmPLvHcESHA{number}=",
    "routeKey": "{method} {path}",
    "stage": "$default",
    "time": "01/Jan/2026:12:00:00 +0000",
    "timeEpoch": 1767268800000
  }},
{body}  "isBase64Encoded": false
}}
"#,
            number = ROUTES.len() + 1,
        ))
    }

    /// Reads the event of an existing route.
    fn event_of(&self, route: &str) -> Result<Value> {
        let file = format!("events/{route}.json");
        serde_json::from_str(&self.read(&file)?).explain(|| file)
    }

    /// Returns the value that another event has for this path parameter, or [`PLACEHOLDER`].
    fn value_of(&self, parameter: &str) -> Result<String> {
        let pattern = format!("{{{parameter}}}");
        let Some(route) = ROUTES.iter().find(|route| route.path.contains(&pattern)) else {
            return Ok(PLACEHOLDER.to_owned());
        };
        let event = self.event_of(route.name)?;
        let value = event["pathParameters"][parameter].as_str();
        Ok(value.unwrap_or(PLACEHOLDER).to_owned())
    }

    /// Returns the `Authorization` header in the event of the first route with the same access;
    /// `None` if the route needs no caller.
    fn token(&self) -> Result<Option<String>> {
        if !self.route.is_signed_in() {
            return Ok(None);
        }
        let same = ROUTES.iter().find(|route| route.access == self.route.access);
        let Some(route) = same else { return Ok(None) };
        let event = self.event_of(route.name)?;
        Ok(event["headers"]["authorization"].as_str().map(str::to_owned))
    }

    fn tests(&self) -> String {
        let NewRoute { name, method, path, .. } = self.route;
        format!(
            "\
//! `{method} {path}`

use tests::app::App;

#[tokio::test]
async fn the_tests_are_written() {{
    let _app = App::start().await;
    panic!(\"write the tests of {name}\");
}}
"
        )
    }
}

fn no_resource(route: &NewRoute) -> Failure {
    Failure::new(format!(
        "functions/{} has no routes: a new resource is a package, see docs/adding-a-route.md",
        route.resource
    ))
}

/// Inserts `new` after a block of `text`: from the last line for which `begins` is true to the next
/// one for which `ends` is true. `None` if there is no such block.
fn insert_after(
    text: &str,
    begins: impl Fn(&str) -> bool,
    ends: impl Fn(&str) -> bool,
    new: &str,
) -> Option<String> {
    let mut lines: Vec<_> = text.lines().collect();
    let begin = lines.iter().rposition(|line| begins(line))?;
    let end = begin + lines[begin..].iter().position(|line| ends(line))?;
    lines.insert(end + 1, new);
    Some(lines.join("\n") + "\n")
}

/// Adds a line to the end of the list that a function returns; `None` if there is no such function.
fn with_element(text: &str, function: &str, line: &str) -> Option<String> {
    let start = text.find(function)?;
    let end = start + text[start..].find("\n    ]\n")? + 1;
    Some(format!("{}{line}{}", &text[..end], &text[end..]))
}

/// Inserts the `mod` line `new` among the others in alphabetical order; `None` if it exists.
fn with_module(text: &str, new: &str) -> Option<String> {
    let name = |line: &str| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        line.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')).map(str::to_owned)
    };
    let own = name(new)?;
    let mut lines: Vec<_> = text.lines().collect();
    let first = lines.iter().position(|line| name(line).is_some())?;
    let before = |line: &&&str| name(line).is_some_and(|name| name < own);
    let place = first + lines[first..].iter().take_while(before).count();
    if lines.get(place).and_then(|line| name(line)).is_some_and(|name| name == own) {
        return None;
    }
    lines.insert(place, new);
    Some(lines.join("\n") + "\n")
}
