//! Assembles the OpenAPI 3.1 document from the route table, the routes' contracts, the schemas of
//! their types, the registry of problem codes, and recorded examples.

use std::collections::{BTreeMap, BTreeSet};

use lambda_http::http::StatusCode;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use shared::domain::order::UnavailableLine;
use shared::domain::problem_code::{MemberKind, ProblemCode};
use shared::http::contract::{Contract, Parameter, ResponseHeader, Success};
use shared::http::routes::{self, Accepts, Access, Route};

use super::links;
use super::schemas::{self, Direction};

/// The tag of each resource, and its description. A tag has the routes of one crate.
const TAGS: [(&str, &str); 8] = [
    ("platform", "Health check, public keys, and this document."),
    ("auth", "Registration, login, tokens and passwords."),
    ("users", "The caller's own profile, and the administration of users."),
    ("catalogue", "Products with their variants."),
    ("cart", "The caller's cart."),
    ("orders", "Checkout and orders."),
    ("inventory", "Stock, and every movement of it."),
    ("reviews", "Reviews of products."),
];

const DESCRIPTION: &str = "\
The API of a shop: accounts, catalogue, cart, orders, inventory and reviews.

**Money** is an integer number of minor units with its currency: `{\"amount\": 1999, \"currency\": \
\"USD\"}` is $19.99. **Times** are RFC 3339 in UTC. **Texts** are trimmed and brought to Unicode \
normalization form C before their length counts; an optional member that is an empty text counts as \
absent. **Lists** have `data` and `next_cursor`; only a null `next_cursor` ends a list. Unknown \
members of a body are refused, unknown query parameters are ignored.

**Errors** are problem documents (RFC 9457) with a stable `code`; `errors` lists every invalid field \
at once. **Retries** are safe with an `Idempotency-Key`. **Concurrent changes** are refused with 412 \
if `If-Match` names the version that the client has read. **Caching**: a response that caches may \
keep has an `ETag`; as long as the response would be the same, `If-None-Match` with that tag makes it \
a 304 without a body.";

/// Returns the contract of every route but `route-not-found`, with its route's name and its tag.
pub fn contracts() -> Vec<(&'static str, &'static Route, Contract)> {
    let of_tags = [
        platform::contracts(),
        auth::contracts(),
        users::contracts(),
        catalogue::contracts(),
        cart::contracts(),
        orders::contracts(),
        inventory::contracts(),
        reviews::contracts(),
    ];
    let tagged = TAGS.iter().zip(of_tags);
    tagged
        .flat_map(|((tag, _), contracts)| {
            contracts.into_iter().map(|(name, contract)| (*tag, routes::named(name), contract))
        })
        .collect()
}

/// Returns the document. `examples` are those of `examples.json`.
pub fn document(examples: &Value) -> Value {
    let mut assembler = Assembler {
        requests: generator(Direction::Request),
        responses: generator(Direction::Response),
        codes: BTreeSet::new(),
        admin_operations: BTreeSet::new(),
        examples,
    };
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for (tag, route, contract) in contracts() {
        let Some(method) = &route.method else { continue };
        for path in route.paths() {
            let operation = assembler.operation(tag, route, path, &contract);
            if route.access == Access::Admin {
                assembler.admin_operations.insert(operation_id(route, path));
            }
            let method = method.as_str().to_ascii_lowercase();
            paths.entry(path).or_default().insert(method, operation);
        }
    }
    // The problem documents refer to it.
    assembler.responses.subschema_for::<UnavailableLine>();
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Bodega",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "MIT or Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        // Relative to the document, so that it is right behind every base path.
        "servers": [{ "url": "." }],
        "tags": TAGS.map(|(name, description)| json!({ "name": name, "description": description })),
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The `access_token` of a login. It is valid for 15 minutes; \
                                    `refresh_token` exchanges the refresh token for a new one.",
                },
                "order_token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Order-Token",
                    "description": "The `Order-Token` of the response in which a guest's order was \
                                    placed, or the one behind `#` in a mailed link to the order. \
                                    Its bearer acts as the order's customer until 180 days after \
                                    the order's last change.",
                },
            },
        },
    });
    assembler.finish(document)
}

/// Returns the operation id of a route at one of its paths: its name with underscores, and at a
/// further path also the words of that path.
pub fn operation_id(route: &Route, path: &str) -> String {
    let name = route.name.replace('-', "_");
    if path == route.path {
        return name;
    }
    let words = path.replace(|c: char| !c.is_ascii_alphanumeric(), " ");
    let words: Vec<_> = words.split_whitespace().collect();
    let suffix = if words.is_empty() { "root".to_owned() } else { words.join("_") };
    format!("{name}_at_{suffix}")
}

/// Returns the problem codes that operations of a document refer to.
pub fn codes_of(document: &Value) -> Vec<&'static str> {
    let schemas = &document["components"]["schemas"];
    let used = ProblemCode::ALL.iter().filter(|code| schemas[problem_name(**code)].is_object());
    used.map(|code| code.slug()).collect()
}

/// Returns the name of the schema of a problem.
pub fn problem_name(code: ProblemCode) -> String {
    schemas::camel_case(code.slug()) + "Problem"
}

struct Assembler<'e> {
    requests: SchemaGenerator,
    responses: SchemaGenerator,
    /// The codes that operations refer to.
    codes: BTreeSet<&'static str>,
    admin_operations: BTreeSet<String>,
    examples: &'e Value,
}

fn generator(direction: Direction) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = direction.definitions_path().into();
        settings.meta_schema = None;
    });
    match direction {
        Direction::Request => settings.for_deserialize(),
        Direction::Response => settings.for_serialize(),
    }
    .into_generator()
}

impl Assembler<'_> {
    fn operation(&mut self, tag: &str, route: &Route, path: &str, contract: &Contract) -> Value {
        let id = operation_id(route, path);
        let mut operation = json!({
            "operationId": id,
            "summary": contract.summary,
            "tags": [tag],
            "security": security(route, contract),
        });
        let description = [contract.description, who(route.access)];
        let description: Vec<_> = description.into_iter().filter(|text| !text.is_empty()).collect();
        operation["description"] = description.join("\n\n").into();

        let mut codes: BTreeSet<&'static str> =
            contract.refusals.iter().map(|code| code.slug()).collect();
        codes.extend(UNREADABLE.map(ProblemCode::slug));
        codes.extend(of_access(route.access).iter().map(|code| code.slug()));
        if route.uses_database && contract.has_failures {
            codes.extend([ProblemCode::ServiceUnavailable.slug(), ProblemCode::Internal.slug()]);
        }
        let parameters = self.parameters(route, path, contract, &mut codes);
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        if let Some(body) = &contract.body {
            let schema = (body.schema)(&mut self.requests).to_value();
            let schema = match body.ignored {
                Some((name, ignored)) => {
                    schemas::with_ignored(&schema, name, ignored, &mut self.requests)
                }
                None => schema,
            };
            self.collect(&schema, &mut codes);
            codes.extend(
                [
                    ProblemCode::BodyTooLarge,
                    ProblemCode::UnsupportedMediaType,
                    ProblemCode::InvalidInput,
                ]
                .map(ProblemCode::slug),
            );
            let media_types = match route.accepts {
                Accepts::Json => {
                    let of_json = [
                        ProblemCode::InvalidJson,
                        ProblemCode::DuplicateMember,
                        ProblemCode::WrongType,
                    ];
                    codes.extend(of_json.map(ProblemCode::slug));
                    &["application/json"]
                }
                Accepts::OneOf(types) => types,
                Accepts::Anything => &["*/*"],
            };
            let mut content: Map<_, _> = media_types
                .iter()
                .map(|media_type| ((*media_type).to_owned(), json!({ "schema": schema })))
                .collect();
            // Recorded requests have the first media type.
            if let Some(example) = self.examples.pointer(&format!("/operations/{id}/request"))
                && let Some(first) = media_types.first()
            {
                content[*first]["example"] = example.clone();
            }
            operation["requestBody"] = json!({ "required": body.is_required, "content": content });
        }
        operation["responses"] = self.responses_of(&id, route, contract, &codes);
        operation
    }

    fn parameters(
        &mut self,
        route: &Route,
        path: &str,
        contract: &Contract,
        codes: &mut BTreeSet<&'static str>,
    ) -> Vec<Value> {
        let mut parameters = Vec::new();
        let named = |location: &str, parameter: &Parameter, schema: Value| {
            json!({
                "name": parameter.name,
                "in": location,
                "required": location == "path",
                "description": parameter.description,
                "schema": schema,
            })
        };
        let is_in_path = |own: &&Parameter| path.contains(&format!("{{{}}}", own.name));
        for parameter in contract.path.iter().filter(is_in_path) {
            codes.insert(ProblemCode::NotFound.slug());
            let schema = (parameter.schema)(&mut self.requests).to_value();
            parameters.push(named("path", parameter, schema));
        }
        let mut count = 0;
        for schema_of in &contract.query {
            let object = (schema_of)(&mut self.requests).to_value();
            let object = self.resolve(&object);
            let members = object["properties"].as_object().cloned().unwrap_or_default();
            for (name, mut schema) in members {
                let mut own = BTreeSet::new();
                self.collect(&schema, &mut own);
                // A parameter that shows nothing counts as absent, so no text of one is too short.
                own.remove(ProblemCode::TooShort.slug());
                // Any text is read as a cursor, so that it is never one of several invalid parameters.
                count += usize::from(!own.is_empty());
                codes.extend(own);
                let description = schemas::take_description(&mut schema);
                let schema = schemas::without_null(schema);
                parameters.push(json!({
                    "name": name,
                    "in": "query",
                    "description": description,
                    // One that shows nothing counts as absent.
                    "allowEmptyValue": true,
                    "schema": schema,
                }));
            }
        }
        if count > 1 {
            codes.insert(ProblemCode::InvalidInput.slug());
        }
        for parameter in &contract.headers {
            let schema = (parameter.schema)(&mut self.requests).to_value();
            parameters.push(named("header", parameter, schema));
        }
        if route.max_age.is_some() {
            parameters.push(if_none_match());
        }
        parameters
    }

    fn responses_of(
        &mut self,
        id: &str,
        route: &Route,
        contract: &Contract,
        codes: &BTreeSet<&'static str>,
    ) -> Value {
        let mut responses: BTreeMap<String, Value> = BTreeMap::new();
        for success in &contract.successes {
            let status = success.status.as_u16().to_string();
            let mut response = self.success(id, contract, success);
            if route.max_age.is_some() && success.status == StatusCode::OK {
                add_caching(&mut response);
                responses.insert("304".to_owned(), not_modified(&response));
            }
            responses.insert(status, response);
        }
        let mut by_status: BTreeMap<u16, Vec<ProblemCode>> = BTreeMap::new();
        for code in ProblemCode::ALL.iter().filter(|code| codes.contains(code.slug())) {
            by_status.entry(code.status()).or_default().push(*code);
        }
        for (status, mut of_status) in by_status {
            of_status.sort_by_key(|code| code.slug());
            let response = self.problems(contract, status, &of_status);
            // The failed health check has the status of a problem, but another body.
            responses.entry(status.to_string()).or_insert(response);
        }
        json!(responses)
    }

    fn success(&mut self, id: &str, contract: &Contract, success: &Success) -> Value {
        let mut headers = Map::new();
        headers.insert("X-Request-Id".to_owned(), header_reference("X-Request-Id"));
        for header in &success.headers {
            headers.insert(name(*header).to_owned(), required(*header));
        }
        for header in &success.optional_headers {
            headers.insert(name(*header).to_owned(), header_reference(name(*header)));
        }
        if contract.is_limited() {
            headers.extend(rate_limit_headers());
        }
        let mut response = json!({ "description": success.description, "headers": headers });
        for (media_type, schema) in &success.body {
            let mut content = json!({ "schema": schema(&mut self.responses).to_value() });
            let status = success.status.as_u16();
            let at = format!("/operations/{id}/responses/{status}");
            if let Some(example) = self.examples.pointer(&at) {
                content["example"] = example.clone();
            }
            response["content"][media_type] = content;
        }
        response
    }

    fn problems(&mut self, contract: &Contract, status: u16, codes: &[ProblemCode]) -> Value {
        self.codes.extend(codes.iter().map(|code| code.slug()));
        let reference =
            |code: &ProblemCode| format!("#/components/schemas/{}", problem_name(*code));
        let schema = match codes {
            [only] => json!({ "$ref": reference(only) }),
            several => {
                let mapping: Map<_, _> = several
                    .iter()
                    .map(|code| (code.slug().to_owned(), reference(code).into()))
                    .collect();
                let references: Vec<_> =
                    several.iter().map(|code| json!({ "$ref": reference(code) })).collect();
                json!({
                    "oneOf": references,
                    "discriminator": { "propertyName": "code", "mapping": mapping },
                })
            }
        };
        let mut content = json!({ "schema": schema });
        let examples: Map<_, _> = codes
            .iter()
            .filter(|code| self.examples["problems"].get(code.slug()).is_some())
            .map(|code| {
                let reference = format!("#/components/examples/{}", code.slug());
                (code.slug().to_owned(), json!({ "$ref": reference }))
            })
            .collect();
        if !examples.is_empty() {
            content["examples"] = examples.into();
        }
        let titles: Vec<_> =
            codes.iter().map(|code| format!("`{}`: {}.", code.slug(), code.title())).collect();
        let mut headers = Map::new();
        headers.insert("X-Request-Id".to_owned(), header_reference("X-Request-Id"));
        match status {
            401 => {
                headers
                    .insert("WWW-Authenticate".into(), required(ResponseHeader::WwwAuthenticate));
            }
            429 | 503 => {
                headers.insert("Retry-After".into(), required(ResponseHeader::RetryAfter));
            }
            _ => {}
        }
        if contract.is_limited() {
            headers.extend(rate_limit_headers());
        }
        json!({
            "description": titles.join("\n\n"),
            "headers": headers,
            "content": { "application/problem+json": content },
        })
    }

    /// Adds the codes of values that a request's schema rejects.
    fn collect(&self, schema: &Value, codes: &mut BTreeSet<&'static str>) {
        let definitions = self.requests.definitions();
        for slug in schemas::codes_of(schema, definitions) {
            let known = ProblemCode::ALL.iter().find(|code| code.slug() == slug);
            codes.insert(known.expect("a code of the registry").slug());
        }
    }

    fn resolve(&self, schema: &Value) -> Value {
        schemas::resolve(schema, self.requests.definitions()).clone()
    }

    fn finish(mut self, mut document: Value) -> Value {
        let mut schemas = schemas::merge(
            &mut document,
            self.requests.take_definitions(true),
            self.responses.take_definitions(true),
        );
        schemas.insert("FieldError".to_owned(), field_error());
        let used = ProblemCode::ALL.iter().filter(|code| self.codes.contains(code.slug()));
        schemas.extend(used.map(|code| (problem_name(*code), problem_schema(*code))));
        schemas::keep_referenced(&document, &mut schemas);
        schemas.insert("Problem".to_owned(), any_problem());
        document["components"]["schemas"] = Value::Object(schemas);
        document["components"]["headers"] = component_headers();
        links::add(&mut document, &self.admin_operations);
        let examples: Map<_, _> = self.examples["problems"]
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(slug, _)| self.codes.contains(slug.as_str()))
            .map(|(slug, example)| (slug.clone(), json!({ "value": example })))
            .collect();
        document["components"]["examples"] = examples.into();
        schemas::tidy(&mut document);
        document
    }
}

/// The problems of a request that can't be read. Every route answers with them before anything else
/// is checked.
const UNREADABLE: [ProblemCode; 4] = [
    ProblemCode::InvalidBase64,
    ProblemCode::InvalidHeader,
    ProblemCode::InvalidHost,
    ProblemCode::InvalidRequestLine,
];

fn if_none_match() -> Value {
    json!({
        "name": "If-None-Match",
        "in": "header",
        "required": false,
        "description": "The `ETag`s of responses that the client has kept, in double quotes and \
                        separated by commas, or `*`. Any other value is ignored.",
        "schema": { "type": "string" },
    })
}

/// Adds the headers of a response that caches may keep.
fn add_caching(response: &mut Value) {
    let headers = &mut response["headers"];
    headers["Cache-Control"] = required(ResponseHeader::CacheControl);
    headers["ETag"] = match &headers["ETag"] {
        Value::Null => json!({
            "description": "A hash of the response, for `If-None-Match`.",
            "required": true,
            "schema": { "type": "string", "pattern": "^\"[^\"]+\"$" },
        }),
        versioned => {
            let mut tag = versioned.clone();
            tag["description"] = "The version of the resource, for `If-Match`, and a hash of the \
                                  response, for `If-None-Match`."
                .into();
            tag
        }
    };
}

/// Returns the 304 of a response that caches may keep. It has the same headers.
fn not_modified(response: &Value) -> Value {
    json!({
        "description": "`If-None-Match` has the response's `ETag`: the client has it already.",
        "headers": response["headers"],
    })
}

fn security(route: &Route, contract: &Contract) -> Value {
    match route.access {
        Access::Customer | Access::Admin => json!([{ "bearer": [] }]),
        Access::Owner => json!([{ "bearer": [] }, { "order_token": [] }]),
        Access::Guest => json!([{}, { "bearer": [] }]),
        Access::Public | Access::Signature if contract.takes_bearer => {
            json!([{}, { "bearer": [] }])
        }
        Access::Public | Access::Signature => json!([]),
    }
}

fn who(access: Access) -> &'static str {
    match access {
        Access::Public | Access::Signature => "",
        Access::Guest => "For anyone, signed in or not.",
        Access::Customer => "For every signed-in user.",
        Access::Owner => {
            "For the customer that it belongs to, the bearer of an `Order-Token` of it, and admins."
        }
        Access::Admin => "For admins.",
    }
}

fn of_access(access: Access) -> &'static [ProblemCode] {
    match access {
        Access::Public | Access::Signature => &[],
        Access::Guest | Access::Customer | Access::Owner => &[ProblemCode::Unauthenticated],
        Access::Admin => &[ProblemCode::Unauthenticated, ProblemCode::Forbidden],
    }
}

/// Returns the schema of the problem document of a code.
fn problem_schema(code: ProblemCode) -> Value {
    let mut properties = json!({
        "type": {
            "const": format!("urn:bodega:problem:{}", code.slug()),
            "description": "Identifies the kind of problem.",
        },
        "title": { "const": code.title(), "description": "The same for every problem of the kind." },
        "status": { "const": code.status(), "description": "The HTTP status." },
        "detail": { "type": "string", "description": "What is wrong with this request." },
        "instance": { "type": "string", "description": "The path of the request." },
        "code": { "const": code.slug(), "description": "Identifies the kind of problem." },
        "request_id": { "type": "string", "description": "Identifies the request in the log." },
    });
    let mut required =
        ["type", "title", "status", "detail", "instance", "code", "request_id"].to_vec();
    if code.status() == 422 {
        properties["errors"] = json!({
            "type": "array",
            "items": { "$ref": "#/components/schemas/FieldError" },
            "description": "Every invalid field, at most 100.",
        });
        required.push("errors");
    }
    for member in code.members() {
        let mut schema = member_schema(member.kind);
        schema["description"] = member.description.into();
        properties[member.name] = schema;
        if member.is_always {
            required.push(member.name);
        }
    }
    json!({
        "title": code.title(),
        "description": code.remedy(),
        "type": "object",
        "properties": properties,
        "required": required,
    })
}

/// Returns the schema that every problem document matches.
fn any_problem() -> Value {
    json!({
        "description": "A problem document (RFC 9457).",
        "type": "object",
        "properties": {
            "type": { "type": "string", "pattern": "^urn:bodega:problem:[a-z0-9_]+$" },
            "title": { "type": "string" },
            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
            "detail": { "type": "string" },
            "instance": { "type": "string" },
            "code": { "enum": ProblemCode::ALL.iter().map(|code| code.slug()).collect::<Vec<_>>() },
            "request_id": { "type": "string" },
        },
        "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
    })
}

fn field_error() -> Value {
    json!({
        "description": "An invalid field.",
        "type": "object",
        "properties": {
            "pointer": {
                "type": "string",
                "description": "A JSON pointer (RFC 6901) into the body, or the name of a query \
                                parameter or header.",
            },
            "code": { "type": "string", "description": "The problem code of this field." },
            "detail": { "type": "string", "description": "What is wrong, and what is valid." },
        },
        "required": ["pointer", "code", "detail"],
    })
}

fn member_schema(kind: MemberKind) -> Value {
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    match kind {
        MemberKind::Integer => json!({ "type": "integer", "minimum": 0 }),
        MemberKind::Text => json!({ "type": "string" }),
        MemberKind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        MemberKind::Money => reference("Money"),
        MemberKind::ShippingMethods => {
            json!({ "type": "array", "items": reference("ShippingOption") })
        }
        MemberKind::Lines => json!({ "type": "array", "items": reference("UnavailableLine") }),
        MemberKind::OrderStatus => reference("OrderStatus"),
        MemberKind::OrderStatuses => {
            json!({ "type": "array", "items": reference("OrderStatus") })
        }
    }
}

fn name(header: ResponseHeader) -> &'static str {
    match header {
        ResponseHeader::CacheControl => "Cache-Control",
        ResponseHeader::CartToken => "Cart-Token",
        ResponseHeader::ETag => "ETag",
        ResponseHeader::IdempotentReplayed => "Idempotent-Replayed",
        ResponseHeader::Link => "Link",
        ResponseHeader::Location => "Location",
        ResponseHeader::OrderToken => "Order-Token",
        ResponseHeader::RateLimit => "RateLimit",
        ResponseHeader::RateLimitPolicy => "RateLimit-Policy",
        ResponseHeader::RetryAfter => "Retry-After",
        ResponseHeader::WwwAuthenticate => "WWW-Authenticate",
    }
}

/// Returns the header components: those that a response may have.
fn component_headers() -> Value {
    let of =
        |description: &str, schema: Value| json!({ "description": description, "schema": schema });
    let text = || json!({ "type": "string" });
    json!({
        "X-Request-Id": of("Identifies the request in the log.", text()),
        "Idempotent-Replayed": of(
            "Present if this is the stored result of an earlier request with the same key.",
            json!({ "const": "true" }),
        ),
        "Link": of("The URL of the next page, if there is one (RFC 8288).", text()),
        "Cart-Token": of(
            "The secret by which a guest has the cart that was created. Send it with every request \
             about the cart.",
            json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{43}$" }),
        ),
        "Order-Token": of(
            "The secret by which a guest sees and changes the order.",
            json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{43}$" }),
        ),
        "RateLimit": of(
            "What is left of each rate limit, and the seconds until its window ends.",
            text(),
        ),
        "RateLimit-Policy": of("The rate limits: quota and window in seconds.", text()),
    })
}

/// Returns a header that every such response has.
fn required(header: ResponseHeader) -> Value {
    let (description, schema) = match header {
        ResponseHeader::ETag => (
            "The version of the resource, for `If-Match`.",
            json!({ "type": "string", "pattern": "^\"[0-9]+-[^\"]+\"$" }),
        ),
        ResponseHeader::Location => ("The path of the new resource.", json!({ "type": "string" })),
        ResponseHeader::RetryAfter => (
            "Seconds after which a retry can succeed.",
            json!({ "type": "string", "pattern": "^[0-9]+$" }),
        ),
        ResponseHeader::WwwAuthenticate => {
            ("How to authenticate (RFC 6750).", json!({ "type": "string" }))
        }
        ResponseHeader::CacheControl => {
            ("How long caches may keep the response.", json!({ "type": "string" }))
        }
        other => return header_reference(name(other)),
    };
    json!({ "description": description, "required": true, "schema": schema })
}

fn header_reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/headers/{name}") })
}

fn rate_limit_headers() -> [(String, Value); 2] {
    ["RateLimit", "RateLimit-Policy"].map(|name| (name.to_owned(), header_reference(name)))
}
