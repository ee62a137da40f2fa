//! A request, and what handlers ask of it.

use std::str::FromStr;

use deserr::Deserr;
use lambda_http::http::header::{AUTHORIZATION, HeaderMap};
use lambda_http::http::{HeaderName, Method};

use super::event::Event;
use super::query::Pair;
use super::routes::{Accepts, Route};
use super::target::Target;
use super::{body, etag, idempotency_key, percent, query};
use crate::context::Ctx;
use crate::domain::caller::Caller;
use crate::domain::client_ip::ClientIp;
use crate::domain::error::{Error, Result};
use crate::domain::idempotency::Idempotency;
use crate::domain::invalid::Invalid;
use crate::domain::json::Json;
use crate::domain::page::Paging;
use crate::domain::version::ExpectedVersion;
use crate::services::limiter::{LimitStatuses, Limiter};

/// A request whose caller has been checked.
#[derive(Debug)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// The API's own path, percent-encoded: without the stage or the mapping that it stands behind.
    pub path: String,
    prefix: String,
    accepts: Accepts,
    headers: HeaderMap,
    parameters: Vec<Pair>,
    query: Vec<Pair>,
    body: Vec<u8>,
    id: String,
    caller: Option<Caller>,
    ip: ClientIp,
    limits: LimitStatuses,
}

impl Request {
    /// Reads what the gateway has sent to this route's function. The second value refuses what can't be
    /// read; the rest of the request is there all the same, for the answer to that.
    pub fn read(event: Event, route: &Route, base_path: &str) -> (Self, Result<()>) {
        let mut event = event;
        let Target { prefix, path } = Target::of(&event, route, base_path);
        let body = event.take_body();
        let (headers, headers_read) = event.headers();
        let query = event.query();
        let method = event.method();
        let mut readable = Ok(());
        let request = Self {
            method: or_default(method, &mut readable),
            path,
            prefix,
            accepts: route.accepts,
            query: or_default(query, &mut readable),
            headers,
            body: or_default(body, &mut readable),
            ip: ClientIp::read(event.request_context.http.source_ip.as_deref()),
            id: event.request_context.request_id.unwrap_or_default(),
            parameters: event.path_parameters.into_iter().flatten().collect(),
            caller: None,
            limits: LimitStatuses::default(),
        };
        (request, readable.and(headers_read))
    }

    /// The caller of a route that is open to nobody else than people signed in.
    pub fn caller(&self) -> Result<Caller> {
        self.caller.ok_or(Error::Unauthenticated)
    }

    /// Where it comes from, as the gateway has seen it; what headers say of that is the client's
    /// own invention.
    pub fn ip(&self) -> &ClientIp {
        &self.ip
    }

    /// Counts it against rate limits; the answer's headers show what is left of them.
    pub fn limiter<'a>(&'a self, ctx: &'a Ctx) -> Limiter<'a> {
        Limiter::new(ctx, &self.ip, &self.limits)
    }

    /// What is left of the limits that count it, now and later on.
    pub fn limits(&self) -> LimitStatuses {
        self.limits.clone()
    }

    /// A path parameter. A text that can't be one names nothing: 404. The gateway decodes what is
    /// percent-encoded, the local router does not; no identifier has a percent sign of its own.
    pub fn path_parameter<T: FromStr>(&self, name: &str) -> Result<T> {
        let given = self.parameters.iter().find(|(parameter, _)| parameter == name);
        let given = given.and_then(|(_, value)| percent::decode(value));
        given.and_then(|value| value.parse().ok()).ok_or(Error::NotFound)
    }

    /// The query as a type whose fields are domain types; of a parameter that is given more than
    /// once the first counts; unknown ones don't, nor do those that are empty or show nothing.
    pub fn query<T: Deserr<Invalid>>(&self) -> Result<T> {
        query::read(&self.query)
    }

    /// The query of a list: its filters, and which page is asked for.
    pub fn list_query<T: Deserr<Invalid>>(&self) -> Result<(T, Paging)> {
        match (query::read_and_tell::<T>(&self.query), self.query::<Paging>()) {
            (Ok((filters, given)), Ok(paging)) => {
                Ok((filters, Paging { filters: given, ..paging }))
            }
            (Err(Error::Invalid(one)), Err(Error::Invalid(other))) => {
                Invalid::collect([one, other])?;
                Err(Error::internal("two refusals make none"))
            }
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    /// What every path begins with that an answer leads to: the stage or the mapping that the API
    /// stands behind, or nothing.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The body's bytes as they were sent, and their media type, of a route whose line says that it
    /// does not take JSON. 415 for a type that it does not take.
    pub fn bytes(&self) -> Result<(String, &[u8])> {
        Ok((body::media_type(self.accepts, &self.headers)?, &self.body))
    }

    /// The JSON body. 415 for another media type than the route takes.
    pub fn body(&self) -> Result<Json> {
        body::json(self.accepts, &self.headers, &self.body)
    }

    /// The JSON body of a route all of whose members are optional: a missing or empty one is `{}`,
    /// whatever its type.
    pub fn body_or_empty(&self) -> Result<Json> {
        if self.body.is_empty() { Ok(Json::empty_object()) } else { self.body() }
    }

    /// The JSON body as a type whose fields are domain types.
    pub fn json<T: Deserr<Invalid>>(&self) -> Result<T> {
        Ok(self.body()?.read()?)
    }

    /// The same of a route all of whose members are optional: a missing or empty body is `{}`.
    pub fn json_or_empty<T: Deserr<Invalid>>(&self) -> Result<T> {
        Ok(self.body_or_empty()?.read()?)
    }

    /// The JSON body without the members at these paths: `id`, or `variants.available` in every
    /// element of `variants`.
    pub fn json_ignoring<T: Deserr<Invalid>>(&self, ignored: &[&str]) -> Result<T> {
        let mut body = self.body()?;
        ignored.iter().for_each(|path| body.remove(path));
        Ok(body.read()?)
    }

    /// The version that `If-Match` insists on.
    pub fn if_match(&self) -> Result<ExpectedVersion> {
        etag::if_match(self.header("if-match")?)
    }

    /// What makes a retry of this request recognisable, where it carries an `Idempotency-Key`;
    /// `body` is its JSON.
    pub fn idempotency(&self, body: &Json) -> Result<Option<Idempotency>> {
        let Some(key) = self.header("idempotency-key")? else { return Ok(None) };
        let caller = self.caller()?.user_id.to_string();
        let key = idempotency_key::parse(key)?;
        idempotency_key::identify(&caller, key, &self.method, &self.path, body).map(Some)
    }

    /// The bearer token, where there is one.
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// Whether the request carries credentials of any kind.
    pub fn has_credentials(&self) -> bool {
        self.headers.contains_key(AUTHORIZATION)
    }

    /// The origin of the page that calls, where a browser names it.
    pub fn origin(&self) -> Option<&str> {
        self.headers.get("origin")?.to_str().ok()
    }

    /// The identifier under which the log knows the request.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// How many bytes the body has.
    pub fn body_length(&self) -> usize {
        self.body.len()
    }

    /// The same request, with its caller.
    #[must_use]
    pub fn called_by(self, caller: Caller) -> Self {
        Self { caller: Some(caller), ..self }
    }

    fn header(&self, name: &'static str) -> Result<Option<&str>> {
        let values = self.headers.get(HeaderName::from_static(name));
        let text = values.map(|value| value.to_str()).transpose();
        text.map_err(|_| Error::Malformed {
            code: "invalid_header",
            detail: format!("The header {name} must be visible ASCII."),
        })
    }
}

/// The value that was read, or else its default; the first refusal is kept in `readable`.
fn or_default<T: Default>(read: Result<T>, readable: &mut Result<()>) -> T {
    read.unwrap_or_else(|error| {
        if readable.is_ok() {
            *readable = Err(error);
        }
        T::default()
    })
}
