//! Holds every request and response of the tests to the API document.
//!
//! Every response is checked: its status, media type, headers and body must be documented, and caches
//! may keep it only if that is documented. A request is checked if it was carried out (2xx, 304): its
//! parameters, headers and body must be valid.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use jsonschema::Validator;
use serde_json::{Value, json};
use shared::domain::unicode;
use shared::http::percent;
use shared::http::routes::Route;

use super::coverage::{self, CHECKS, Met, NANOSECONDS};
use super::{document, schemas};
use crate::answer::Answer;

/// The response headers that a response may have only if they are documented.
const DOCUMENTED_HEADERS: [&str; 11] = [
    "allow",
    "cart-token",
    "etag",
    "idempotent-replayed",
    "link",
    "location",
    "order-token",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "www-authenticate",
];

/// Checks a request, given as the gateway's event, and its response. Panics if they are not as the
/// document says.
pub fn check(route: &'static Route, path: &str, event: &Value, answer: &Answer) {
    let began = Instant::now();
    let broken = checker().check(route, path, event, answer);
    CHECKS.fetch_add(1, Ordering::Relaxed);
    let taken = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
    NANOSECONDS.fetch_add(taken, Ordering::Relaxed);
    if !broken.is_empty() {
        panic!(
            "{} does not do what openapi.json says:\n- {}\nrequest: {} {}?{} {} {}\nresponse: {} {:?} {}",
            route.name,
            broken.join("\n- "),
            event["requestContext"]["http"]["method"].as_str().unwrap_or_default(),
            path,
            event["rawQueryString"].as_str().unwrap_or_default(),
            event["headers"],
            event["body"],
            answer.status,
            answer.headers,
            answer.text,
        );
    }
}

/// Returns what is wrong with the example of a problem: no test can have met it since its schema
/// has changed.
pub fn broken_example(code: &str, body: &Value) -> Option<String> {
    checker().broken_example(code, body)
}

struct Checker {
    /// The document as clients read it.
    document: Value,
    /// The schemas of responses, which allow no other members than those that are documented.
    closed: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

fn checker() -> &'static Checker {
    static CHECKER: OnceLock<Checker> = OnceLock::new();
    CHECKER.get_or_init(|| {
        let document = document::document(&json!({}));
        let mut closed = document["components"]["schemas"].clone();
        schemas::visit(&mut closed, &mut |schema| {
            if schema.contains_key("properties") && !schema.contains_key("additionalProperties") {
                schema.insert("additionalProperties".to_owned(), false.into());
            }
        });
        Checker { document, closed, validators: Mutex::default() }
    })
}

impl Checker {
    /// Returns what is not as the document says.
    fn check(&self, route: &Route, path: &str, event: &Value, answer: &Answer) -> Vec<String> {
        // A route answers 405 at a path that belongs to another route.
        match self.operation(route, path).filter(|_| answer.status != 405) {
            Some(operation) => self.broken(operation, event, answer),
            None => self.problem(answer, None).err().into_iter().chain(kept(answer)).collect(),
        }
    }

    /// Returns the operation of a route at one of its paths; `None` for `route-not-found`.
    fn operation(&self, route: &Route, path: &str) -> Option<&Value> {
        let method = route.method.as_ref()?.as_str().to_ascii_lowercase();
        let pattern = route.pattern_of(path).unwrap_or(route.path);
        let operation = &self.document["paths"][pattern][&method];
        assert!(operation.is_object(), "{method} {pattern} is not in the document");
        Some(operation)
    }

    fn broken(&self, operation: &Value, event: &Value, answer: &Answer) -> Vec<String> {
        let mut broken = Vec::new();
        let name = operation["operationId"].as_str().unwrap_or_default();
        let response = &operation["responses"][answer.status.to_string()];
        if !response.is_object() {
            return vec![format!("the status {} is not documented", answer.status)];
        }
        broken.extend(headers(response, answer));
        let media_type = answer.header("content-type");
        match (response["content"].as_object(), media_type) {
            (None, None) if answer.text.is_empty() => {}
            // It has the headers of the response that the client has.
            (None, Some(_)) if answer.text.is_empty() && answer.status == 304 => {}
            (Some(content), Some("application/problem+json")) => {
                let schema = content.get("application/problem+json").map(|it| &it["schema"]);
                match schema {
                    Some(schema) => broken.extend(self.problem(answer, Some(schema)).err()),
                    None => broken.push("a problem document is not documented".to_owned()),
                }
            }
            (Some(content), Some(media_type)) => match content.get(media_type) {
                Some(content) => {
                    let key = format!("{name} {} {media_type}", answer.status);
                    let validator = self.validator(&key, &content["schema"], &self.closed);
                    broken.extend(errors("the response", &validator, &answer.body));
                }
                None => broken.push(format!("the media type {media_type} is not documented")),
            },
            (content, media_type) => {
                broken.push(format!("the body has the type {media_type:?}, not {content:?}"));
            }
        }
        coverage::record(name, answer.status, Met::Response);
        for code in codes(answer) {
            coverage::record(name, answer.status, Met::Code(code));
        }
        if answer.status >= 400 {
            coverage::record_problem(&answer.body);
        }
        // The answer to a retry is given before the rest of the request is read.
        let is_carried_out = (200..300).contains(&answer.status) || answer.status == 304;
        if is_carried_out && answer.header("idempotent-replayed").is_none() {
            broken.extend(self.broken_request(name, operation, event));
        }
        broken
    }

    fn broken_request(&self, name: &str, operation: &Value, event: &Value) -> Vec<String> {
        let mut broken = Vec::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let called = parameter["name"].as_str().unwrap_or_default();
            let location = parameter["in"].as_str().unwrap_or_default();
            let mut given = match location {
                "path" => Vec::from_iter(
                    event["pathParameters"][called].as_str().and_then(percent::decode),
                ),
                "query" => values(event["rawQueryString"].as_str().unwrap_or_default(), called),
                _ => Vec::from_iter(header(event, called)),
            };
            given.retain(|text| !unicode::shows_nothing(text));
            let Some(first) = given.first() else {
                if parameter["required"] == true {
                    broken.push(format!("the {location} parameter {called} is missing"));
                }
                continue;
            };
            let key = format!("{name} {location} {called}");
            let schemas = &self.document["components"]["schemas"];
            let validator = self.validator(&key, &parameter["schema"], schemas);
            let schema = schemas::resolve(
                &parameter["schema"],
                schemas.as_object().expect("the document has schemas"),
            );
            let value = match schema["type"].as_str() {
                Some("array") => given.iter().map(|text| json!(unicode::trim(text))).collect(),
                Some("integer" | "number" | "boolean") => {
                    serde_json::from_str(first).unwrap_or_else(|_| json!(first))
                }
                _ => json!(unicode::trim(first)),
            };
            broken.extend(errors(&format!("the parameter {called}"), &validator, &value));
        }
        let body = event["body"].as_str().unwrap_or_default().trim_start_matches('\u{feff}');
        let documented = &operation["requestBody"];
        if body.is_empty() {
            if documented["required"] == true {
                broken.push("the body is missing".to_owned());
            }
        } else if documented.is_object() && event["isBase64Encoded"] != true {
            let given = event["headers"]["content-type"].as_str().unwrap_or_default();
            let given = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            let content = documented["content"].as_object().expect("a body has a media type");
            let (first, named) = (content.values().next(), content.get(&given));
            let schema = &named.or(first).expect("a body has a schema")["schema"];
            let schemas = &self.document["components"]["schemas"];
            let validator = self.validator(&format!("{name} body"), schema, schemas);
            if named.is_some() && !given.ends_with("json") || given == "application/x-ndjson" {
                broken.extend(errors("the body", &validator, &json!(body)));
            } else {
                match serde_json::from_str(body) {
                    Ok(body) => broken.extend(errors("the body", &validator, &normalized(body))),
                    Err(error) => broken.push(format!("the body is not JSON: {error}")),
                }
            }
        }
        broken
    }

    /// Returns why a body is not a problem of this code; `None` if it is one.
    fn broken_example(&self, code: &str, body: &Value) -> Option<String> {
        let reference = format!("#/components/schemas/{}Problem", schemas::camel_case(code));
        let schema = json!({ "$ref": reference });
        let validator = self.validator(&reference, &schema, &self.closed);
        errors("the problem", &validator, body).next()
    }

    /// Checks that a body is a problem document, and one of those that `schema` documents.
    fn problem(&self, answer: &Answer, schema: Option<&Value>) -> Result<(), String> {
        if answer.status < 400 {
            return Ok(());
        }
        let code = answer.body["code"].as_str().unwrap_or_default();
        let reference = format!("#/components/schemas/{}Problem", schemas::camel_case(code));
        if let Some(schema) = schema {
            let one_of = schema["oneOf"].as_array().into_iter().flatten();
            let mut references = one_of.chain([schema]).filter_map(|one| one["$ref"].as_str());
            if !references.any(|documented| documented == reference) {
                return Err(format!("{} `{code}` is not documented", answer.status));
            }
        }
        let any = "#/components/schemas/Problem";
        let of_code = if schema.is_some() { reference.as_str() } else { any };
        let schemas =
            if schema.is_some() { &self.closed } else { &self.document["components"]["schemas"] };
        let validator = self.validator(of_code, &json!({ "$ref": of_code }), schemas);
        let broken: Vec<_> = errors("the problem", &validator, &answer.body).collect();
        if broken.is_empty() { Ok(()) } else { Err(broken.join("; ")) }
    }

    /// Returns the validator of a schema. It is made once, and kept under `key`.
    fn validator(&self, key: &str, schema: &Value, schemas: &Value) -> Arc<Validator> {
        if let Some(known) = self.validators.lock().expect("no check panics").get(key) {
            return Arc::clone(known);
        }
        let schema = json!({ "allOf": [schema], "components": { "schemas": schemas } });
        let validator = jsonschema::draft202012::options().build(&schema);
        let validator = Arc::new(validator.unwrap_or_else(|error| panic!("{key}: {error}")));
        let mut validators = self.validators.lock().expect("no check panics");
        validators.insert(key.to_owned(), Arc::clone(&validator));
        validator
    }
}

fn errors(
    what: &str,
    validator: &Validator,
    value: &Value,
) -> impl Iterator<Item = String> + use<> {
    let errors: Vec<_> = if validator.is_valid(value) {
        Vec::new()
    } else {
        validator
            .iter_errors(value)
            .map(|error| format!("{what} at `{}`: {error}", error.instance_path()))
            .collect()
    };
    errors.into_iter()
}

/// Returns what is wrong with the headers of a response.
fn headers(response: &Value, answer: &Answer) -> Vec<String> {
    let documented = response["headers"].as_object();
    let documented: Vec<_> = documented.into_iter().flatten().collect();
    let mut broken = Vec::new();
    for (name, header) in &documented {
        if header["required"] == true && answer.header(name).is_none() {
            broken.push(format!("the header {name} is missing"));
        }
    }
    for name in DOCUMENTED_HEADERS {
        let is_documented = documented.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        if answer.header(name).is_some() && !is_documented {
            broken.push(format!("the header {name} is not documented"));
        }
    }
    let may_be_kept = documented.iter().any(|(known, _)| *known == "Cache-Control");
    broken.extend(kept(answer).filter(|_| !may_be_kept));
    broken
}

/// Returns what is wrong with a response that caches may not keep.
fn kept(answer: &Answer) -> Option<String> {
    let control = answer.header("cache-control").filter(|control| *control != "private, no-store");
    control.map(|control| format!("caches may keep the response: {control}"))
}

/// Returns the problem codes of a response: its own and those of its invalid fields.
fn codes(answer: &Answer) -> Vec<&str> {
    let fields = answer.body["errors"].as_array().into_iter().flatten();
    let codes = fields.map(|field| &field["code"]).chain([&answer.body["code"]]);
    codes.filter_map(Value::as_str).filter(|_| answer.status >= 400).collect()
}

/// Brings every text of a body to the form in which the document counts its length, as the
/// document's introduction says.
fn normalized(body: Value) -> Value {
    match body {
        Value::String(text) => unicode::trim(&unicode::nfc(&text)).into(),
        Value::Array(elements) => elements.into_iter().map(normalized).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, normalized(value))).collect()
        }
        other => other,
    }
}

fn header(event: &Value, name: &str) -> Option<String> {
    let headers = event["headers"].as_object()?;
    let found = headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
    found.and_then(|(_, value)| value.as_str().map(str::to_owned))
}

/// Returns the values of a query parameter.
fn values(query: &str, name: &str) -> Vec<String> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    pairs.filter(|(given, _)| given == name).map(|(_, value)| value.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use shared::http::routes::named;

    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &Value) -> Answer {
        let header = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let headers = headers.iter().map(header).collect();
        let text = if body.is_null() { String::new() } else { body.to_string() };
        Answer { status, headers, body: body.clone(), text }
    }

    fn broken(route: &str, event: &Value, answer: &Answer) -> String {
        let route = named(Box::leak(route.to_owned().into_boxed_str()));
        checker().check(route, route.path, event, answer).join("; ")
    }

    const JSON: (&str, &str) = ("content-type", "application/json");
    const PROBLEM: (&str, &str) = ("content-type", "application/problem+json");

    fn health() -> Value {
        json!({"status": "healthy", "database": "connected"})
    }

    #[test]
    fn a_documented_response_is_accepted() {
        assert_eq!(broken("get-health", &json!({}), &answer(200, &[JSON], &health())), "");
    }

    #[test]
    fn what_is_not_documented_is_reported() {
        let mut more = health();
        more["more"] = true.into();
        let mut other = health();
        other["status"] = "ill".into();
        for (status, headers, body, expected) in [
            (202, &[JSON][..], health(), "the status 202 is not documented"),
            (200, &[JSON], more, "'more'"),
            (200, &[JSON], other, "\"ill\""),
            (200, &[JSON], json!({"status": "healthy"}), "\"database\""),
            (200, &[("content-type", "text/html")], health(), "media type text/html"),
            (200, &[], Value::Null, "the body has the type None"),
            (200, &[JSON, ("location", "/")], health(), "the header location is not documented"),
            (503, &[JSON], health(), "the header Retry-After is missing"),
            (200, &[JSON, ("cache-control", "public")], health(), "caches may keep the response"),
        ] {
            let found = broken("get-health", &json!({}), &answer(status, headers, &body));
            assert!(found.contains(expected), "{status} {headers:?} {body}: {found}");
        }
    }

    fn problem(code: &str, status: u16) -> Value {
        let code = shared::domain::problem_code::ProblemCode::ALL
            .iter()
            .find(|known| known.slug() == code)
            .expect("a code");
        json!({
            "type": format!("urn:bodega:problem:{code}"),
            "title": code.title(),
            "status": status,
            "detail": "What is wrong.",
            "instance": "/cart",
            "code": code,
            "request_id": "req-1",
        })
    }

    #[test]
    fn a_problem_is_one_that_the_route_documents_with_the_members_of_its_code() {
        let header = ("www-authenticate", "Bearer");
        let mut more = problem("unauthenticated", 401);
        more["available"] = 3.into();
        let mut wrong = problem("unauthenticated", 401);
        wrong["title"] = "Another".into();
        for (body, expected) in [
            (problem("unauthenticated", 401), ""),
            (problem("invalid_credentials", 401), "401 `invalid_credentials` is not documented"),
            (more, "'available'"),
            (wrong, "/title"),
        ] {
            let found = broken("get-cart", &json!({}), &answer(401, &[PROBLEM, header], &body));
            assert!(found.contains(expected) && found.is_empty() == expected.is_empty(), "{found}");
        }
    }

    #[test]
    fn a_request_that_was_carried_out_is_valid() {
        let sent = answer(202, &[JSON], &json!({"status": "verification_sent"}));
        for (body, expected) in [
            (json!({"email": "ada@example.com"}), ""),
            (json!({"email": "  ada@example.com\n"}), ""),
            (json!({"email": "ada"}), "the body at `/email`"),
            (json!({}), "\"email\""),
            (json!({"email": "ada@example.com", "more": 1}), "'more'"),
            (Value::Null, "the body is missing"),
        ] {
            let text = if body.is_null() { String::new() } else { body.to_string() };
            let found = broken("resend-verification", &json!({"body": text}), &sent);
            assert!(found.contains(expected) && found.is_empty() == expected.is_empty(), "{found}");
        }
        let headers = [JSON, ("etag", "\"x\""), ("cache-control", "public, max-age=60")];
        let page = answer(200, &headers, &json!({"data": [], "next_cursor": null}));
        for (query, expected) in [
            ("limit=5&more=x&category=", ""),
            ("limit=101", "parameter limit"),
            ("limit=x", "limit"),
        ] {
            let found = broken("list-products", &json!({"rawQueryString": query}), &page);
            assert!(found.contains(expected) && found.is_empty() == expected.is_empty(), "{found}");
        }
    }
}
