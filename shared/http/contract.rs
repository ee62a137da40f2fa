//! What a route takes and answers, for the API's OpenAPI document.
//!
//! Each route's file has a `contract()` beside its `handle`. What follows from the route's line in
//! the route table (method, path, access, body limit, media types, caching) is not repeated here:
//! the document's assembler adds it. Only the command that writes the document, and the tests that
//! hold requests and responses to it, call these functions.

use lambda_http::http::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{etag, idempotency_key};
use crate::domain::page::{CursorPaging, Paging};
use crate::domain::problem_code::ProblemCode;

/// Returns the schema of a type.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// What a route takes and answers.
#[derive(Debug, Clone)]
pub struct Contract {
    /// What the route does, in a few words: "Place an order".
    pub summary: &'static str,
    /// What a client should know besides, in Markdown.
    pub description: &'static str,
    /// Path parameters, in the order of the path.
    pub path: Vec<Parameter>,
    /// The object whose members are the query parameters.
    pub query: Vec<SchemaOf>,
    /// Request headers.
    pub headers: Vec<Parameter>,
    /// The request body, if the route takes one.
    pub body: Option<Body>,
    /// The responses of the route to requests that it carries out.
    pub successes: Vec<Success>,
    /// The problems that the route answers with, besides those that follow from the rest.
    pub refusals: Vec<ProblemCode>,
    /// Whether a request may have a bearer token although the route does not need one.
    pub takes_bearer: bool,
    /// Whether the route answers with problems when the database fails.
    pub has_failures: bool,
}

/// A parameter in the path or a header.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Name.
    pub name: &'static str,
    /// What it means, in Markdown.
    pub description: &'static str,
    /// The schema of its value.
    pub schema: SchemaOf,
}

/// A request body.
#[derive(Debug, Clone)]
pub struct Body {
    /// Its schema.
    pub schema: SchemaOf,
    /// Whether a request must have one.
    pub is_required: bool,
    /// If the body may repeat read-only members of the resource's view: the name of such a body's
    /// schema, and the members, as `Request::json_ignoring` takes them.
    pub ignored: Option<(&'static str, &'static [&'static str])>,
}

/// A response to a request that was carried out, or the one other response that is not a problem:
/// that of a failed health check.
#[derive(Debug, Clone)]
pub struct Success {
    /// Status.
    pub status: StatusCode,
    /// What the response says, in Markdown.
    pub description: &'static str,
    /// Media type and schema of the body; several if it has one of several media types, none if
    /// there is no body.
    pub body: Vec<(&'static str, SchemaOf)>,
    /// Headers that every such response has.
    pub headers: Vec<ResponseHeader>,
    /// Headers that some such responses have.
    pub optional_headers: Vec<ResponseHeader>,
}

/// A response header that clients read. The assembler describes each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the headers'")]
pub enum ResponseHeader {
    CacheControl,
    CartToken,
    ETag,
    IdempotentReplayed,
    Link,
    Location,
    OrderToken,
    RateLimit,
    RateLimitPolicy,
    RetryAfter,
    WwwAuthenticate,
}

/// A page of a list.
#[derive(JsonSchema)]
#[schemars(rename = "{T}Page")]
#[expect(dead_code, reason = "describes what `Response::page` writes")]
pub struct PageOf<T> {
    /// The items, at most `limit`. A page may have fewer.
    data: Vec<T>,
    /// The `cursor` of the next page; null at the end of the list.
    next_cursor: Option<String>,
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

impl Contract {
    /// Begins the contract of a route that does what `summary` says. It takes nothing and answers
    /// nothing yet.
    pub fn new(summary: &'static str) -> Self {
        Self {
            summary,
            description: "",
            path: Vec::new(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            successes: Vec::new(),
            refusals: Vec::new(),
            takes_bearer: false,
            has_failures: true,
        }
    }

    /// Adds a description in Markdown.
    #[must_use]
    pub fn describe(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// Adds a path parameter. A value of which nothing exists is 404 `not_found`.
    #[must_use]
    pub fn path<T: JsonSchema>(self, name: &'static str, description: &'static str) -> Self {
        self.path_of(name, description, schema_of::<T>)
    }

    /// Adds a path parameter whose values have a schema of their own.
    #[must_use]
    pub fn path_of(
        mut self,
        name: &'static str,
        description: &'static str,
        schema: SchemaOf,
    ) -> Self {
        self.path.push(Parameter { name, description, schema });
        self
    }

    /// Adds query parameters: the members of `T`.
    #[must_use]
    pub fn query<T: JsonSchema>(mut self) -> Self {
        self.query.push(schema_of::<T>);
        self
    }

    /// Makes the route a list of `T`: adds the paging parameters, a page as response, its `Link`,
    /// and the problems of paging.
    #[must_use]
    pub fn list<T: JsonSchema>(self, description: &'static str) -> Self {
        self.query::<Paging>().pages::<T>(description)
    }

    /// Makes the route a list of `T` without numbered pages.
    #[must_use]
    pub fn cursor_list<T: JsonSchema>(self, description: &'static str) -> Self {
        self.query::<CursorPaging>().pages::<T>(description)
    }

    fn pages<T: JsonSchema>(self, description: &'static str) -> Self {
        let page = Success::ok::<PageOf<T>>(description).with_optional(&[ResponseHeader::Link]);
        self.responds(page).refuses(&[ProblemCode::InvalidCursor])
    }

    /// Requires a JSON body.
    #[must_use]
    pub fn body<T: JsonSchema>(self) -> Self {
        let body = Body { schema: schema_of::<T>, is_required: true, ignored: None };
        Self { body: Some(body), ..self }
    }

    /// Accepts a JSON body. Without one, all its members are absent.
    #[must_use]
    pub fn optional_body<T: JsonSchema>(self) -> Self {
        let body = Body { schema: schema_of::<T>, is_required: false, ignored: None };
        Self { body: Some(body), ..self }
    }

    /// Lets the body repeat read-only members of the resource's view, which are ignored; `name` is
    /// that of such a body's schema.
    #[must_use]
    pub fn ignoring(mut self, name: &'static str, ignored: &'static [&'static str]) -> Self {
        self.body = self.body.map(|body| Body { ignored: Some((name, ignored)), ..body });
        self
    }

    /// Accepts `If-Match` with the version of the resource that `description` names.
    #[must_use]
    pub fn if_match(mut self, description: &'static str) -> Self {
        self.headers.push(Parameter { name: "If-Match", description, schema: etag::schema });
        self.refuses(&[ProblemCode::InvalidIfMatch, ProblemCode::VersionMismatch])
    }

    /// Requires `If-Match` with the version of the resource that `description` names. It is not
    /// marked as required, because a request without one is answered with how to get it.
    #[must_use]
    pub fn requires_if_match(self, description: &'static str) -> Self {
        self.if_match(description).refuses(&[ProblemCode::VersionRequired])
    }

    /// Accepts `Idempotency-Key`.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        let description = "Makes a retry safe: the same key with the same request is carried out \
                           once, and answered alike for 72 hours. 1 to 255 visible ASCII \
                           characters, bare or quoted.";
        let schema = idempotency_key::schema;
        self.headers.push(Parameter { name: "Idempotency-Key", description, schema });
        self.refuses(&[ProblemCode::InvalidIdempotencyKey, ProblemCode::IdempotencyKeyReused])
    }

    /// Accepts `Cart-Token`.
    #[must_use]
    pub fn cart_token(mut self, description: &'static str) -> Self {
        let schema: SchemaOf = |_| json_schema!({ "type": "string" });
        self.headers.push(Parameter { name: "Cart-Token", description, schema });
        self
    }

    /// Accepts a bearer token on a route that does not need one.
    #[must_use]
    pub fn optional_bearer(self) -> Self {
        Self { takes_bearer: true, ..self }
    }

    /// Counts requests against rate limits: adds the header fields that show them, and 429.
    #[must_use]
    pub fn limited(self) -> Self {
        self.refuses(&[ProblemCode::RateLimited])
    }

    /// Says that the route answers in its own way when the database fails.
    #[must_use]
    pub fn without_failures(self) -> Self {
        Self { has_failures: false, ..self }
    }

    /// Adds a response.
    #[must_use]
    pub fn responds(mut self, success: Success) -> Self {
        self.successes.push(success);
        self
    }

    /// Adds problems. What follows from access, body, query, headers and paging is added by them.
    #[must_use]
    pub fn refuses(mut self, codes: &[ProblemCode]) -> Self {
        self.refusals.extend(codes);
        self
    }

    /// Whether requests are counted against rate limits.
    pub fn is_limited(&self) -> bool {
        self.refusals.contains(&ProblemCode::RateLimited)
    }
}

impl Success {
    /// A response with this status and a JSON body.
    pub fn json<T: JsonSchema>(status: StatusCode, description: &'static str) -> Self {
        Self {
            body: vec![("application/json", schema_of::<T>)],
            ..Self::empty(status, description)
        }
    }

    /// A 200 with a JSON body.
    pub fn ok<T: JsonSchema>(description: &'static str) -> Self {
        Self::json::<T>(StatusCode::OK, description)
    }

    /// A 201 with the new resource and its `Location`.
    pub fn created<T: JsonSchema>(description: &'static str) -> Self {
        Self::json::<T>(StatusCode::CREATED, description).with(&[ResponseHeader::Location])
    }

    /// A 202 with a JSON body.
    pub fn accepted<T: JsonSchema>(description: &'static str) -> Self {
        Self::json::<T>(StatusCode::ACCEPTED, description)
    }

    /// A 204.
    pub fn no_content(description: &'static str) -> Self {
        Self::empty(StatusCode::NO_CONTENT, description)
    }

    /// A 200 with a body of this media type, of which no more is said.
    pub fn of_type(media_type: &'static str, description: &'static str) -> Self {
        Self::empty(StatusCode::OK, description).or_of_type(media_type)
    }

    /// Adds a media type that the body may have instead.
    #[must_use]
    pub fn or_of_type(mut self, media_type: &'static str) -> Self {
        self.body.push((media_type, |_| json_schema!({})));
        self
    }

    /// A response with this status and no body.
    pub fn empty(status: StatusCode, description: &'static str) -> Self {
        Self {
            status,
            description,
            body: Vec::new(),
            headers: Vec::new(),
            optional_headers: Vec::new(),
        }
    }

    /// Adds the `ETag` of the resource.
    #[must_use]
    pub fn versioned(self) -> Self {
        self.with(&[ResponseHeader::ETag])
    }

    /// Says that the response to a retry has `Idempotent-Replayed`.
    #[must_use]
    pub fn replayed(self) -> Self {
        self.with_optional(&[ResponseHeader::IdempotentReplayed])
    }

    /// Adds headers that every such response has.
    #[must_use]
    pub fn with(mut self, headers: &[ResponseHeader]) -> Self {
        self.headers.extend(headers);
        self
    }

    /// Adds headers that some such responses have.
    #[must_use]
    pub fn with_optional(mut self, headers: &[ResponseHeader]) -> Self {
        self.optional_headers.extend(headers);
        self
    }
}
