//! A request, with the methods by which handlers read it.

use std::borrow::Cow;
use std::str::FromStr;

use deserr::Deserr;
use lambda_http::http::header::{AUTHORIZATION, HeaderMap, IF_NONE_MATCH};
use lambda_http::http::{HeaderName, Method};

use super::event::Event;
use super::query::Pair;
use super::routes::{Accepts, Route};
use super::target::Target;
use super::{body, etag, idempotency_key, percent, query};
use crate::auth::cart_token::CartToken;
use crate::auth::order_token::OrderToken;
use crate::context::Ctx;
use crate::domain::caller::Caller;
use crate::domain::client_ip::ClientIp;
use crate::domain::error::{Error, Result};
use crate::domain::idempotency::Idempotency;
use crate::domain::invalid::Invalid;
use crate::domain::json::Json;
use crate::domain::page::{CursorPaging, Paging};
use crate::domain::problem_code::ProblemCode;
use crate::domain::unicode;
use crate::domain::version::ExpectedVersion;
use crate::domain::viewer::Viewer;
use crate::services::limiter::{LimitStatuses, Limiter};
use crate::services::shopper::Shopper;

/// The header with an order token.
const ORDER_TOKEN: &str = "order-token";

/// A request. Handlers get it after its caller was checked.
#[derive(Debug)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// The API's own path, percent-encoded, without the prefix of a stage or base path.
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
    /// Reads an event of this route's function. The second value is the error if part of the event
    /// is not valid; the rest of the request is still read, for the response to that error.
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

    /// Returns the caller of a route that requires an access token; 401 if there is none.
    pub fn caller(&self) -> Result<Caller> {
        self.caller.ok_or(Error::Unauthenticated)
    }

    /// Returns the caller of a route that anyone may call; `None` without an access token.
    pub fn signed_in(&self) -> Option<Caller> {
        self.caller
    }

    /// Returns who wants to see or change an order: the caller, the bearer of an order token, or
    /// both. 401 if the request has neither.
    pub fn viewer(&self) -> Result<Viewer> {
        let token = self.headers.get(ORDER_TOKEN).map(|text| {
            let token = text.to_str().ok().and_then(OrderToken::read);
            // No order has an empty digest.
            token.map_or_else(String::new, |token| token.digest())
        });
        match (self.caller, token) {
            (Some(caller), token) => Ok(caller.viewer().with_token(token)),
            (None, Some(token)) => Ok(Viewer::bearer(token)),
            (None, None) => Err(Error::Unauthenticated),
        }
    }

    /// Returns the client's IP address as the gateway has seen it. Headers are not used, since
    /// clients can set them to anything.
    pub fn ip(&self) -> &ClientIp {
        &self.ip
    }

    /// Returns a limiter that counts this request; the response's headers show the limits' state.
    pub fn limiter<'a>(&'a self, ctx: &'a Ctx) -> Limiter<'a> {
        Limiter::new(ctx, &self.ip, &self.limits)
    }

    /// Returns the state of the limits that count this request, including those that count it
    /// later.
    pub fn limits(&self) -> LimitStatuses {
        self.limits.clone()
    }

    /// Returns a path parameter. 404 if it can't be parsed. It is percent-decoded here, since the
    /// local router, unlike the gateway, does not; decoding twice does no harm, since no identifier
    /// contains a percent sign.
    pub fn path_parameter<T: FromStr>(&self, name: &str) -> Result<T> {
        let given = self.parameters.iter().find(|(parameter, _)| parameter == name);
        let given = given.and_then(|(_, value)| percent::decode(value));
        given.and_then(|value| value.parse().ok()).ok_or(Error::NotFound)
    }

    /// Reads the query. If a parameter is given more than once, the first one counts; unknown
    /// parameters, and those without visible characters in their value, are ignored.
    pub fn query<T: Deserr<Invalid>>(&self) -> Result<T> {
        query::read(&self.query)
    }

    /// Reads the query of a list: its filters and its paging parameters. 422 with all errors of
    /// both.
    pub fn list_query<T: Deserr<Invalid>>(&self) -> Result<(T, Paging)> {
        self.query_with::<T, Paging>()
    }

    /// Reads the query of a list without numbered pages, like [`Request::list_query`].
    pub fn cursor_query<T: Deserr<Invalid>>(&self) -> Result<(T, Paging)> {
        self.query_with::<T, CursorPaging>()
    }

    /// Reads the query of a list that can be sorted: its filters, what it is sorted by, and its
    /// paging parameters. 422 with all errors of all of them.
    pub fn sorted_list_query<T, S>(&self) -> Result<(T, S, Paging)>
    where
        T: Deserr<Invalid>,
        S: Deserr<Invalid>,
    {
        let sort = query::read_with_known::<S>(&self.query);
        match (self.list_query::<T>(), sort) {
            (Ok((filters, mut paging)), Ok((sort, given))) => {
                paging.filters.extend(given);
                Ok((filters, sort, paging))
            }
            (Err(Error::Invalid(one)), Err(Error::Invalid(other))) => {
                Invalid::collect([one, other])?;
                Err(Error::internal("two errors were collected to none"))
            }
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    /// Whether the query has a parameter, and not only a blank one.
    pub fn has_parameter(&self, name: &str) -> bool {
        let has =
            |(given, value): &(String, String)| given == name && !unicode::shows_nothing(value);
        self.query.iter().any(has)
    }

    fn query_with<T, P>(&self) -> Result<(T, Paging)>
    where
        T: Deserr<Invalid>,
        P: Deserr<Invalid> + Into<Paging>,
    {
        match (query::read_with_known::<T>(&self.query), self.query::<P>()) {
            (Ok((filters, given)), Ok(paging)) => {
                Ok((filters, Paging { filters: given, ..paging.into() }))
            }
            (Err(Error::Invalid(one)), Err(Error::Invalid(other))) => {
                Invalid::collect([one, other])?;
                Err(Error::internal("two errors were collected to none"))
            }
            (Err(error), _) | (_, Err(error)) => Err(error),
        }
    }

    /// Returns the prefix of every path in the response: that of the stage or the base path
    /// mapping, or empty.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns the body's media type and bytes, as they were sent, for a route that does not accept
    /// JSON. 415 for a media type that the route does not accept.
    pub fn bytes(&self) -> Result<(String, &[u8])> {
        Ok((body::media_type(self.accepts, &self.headers)?, &self.body))
    }

    /// Returns the JSON body. 415 for a media type that the route does not accept, 400 if it is not
    /// JSON.
    pub fn body(&self) -> Result<Json> {
        body::json(self.accepts, &self.headers, &self.body)
    }

    /// Returns the JSON body; a missing or empty one, of any media type, is `{}`. For routes whose
    /// members are all optional.
    pub fn body_or_empty(&self) -> Result<Json> {
        if self.body.is_empty() { Ok(Json::empty_object()) } else { self.body() }
    }

    /// Reads the JSON body into a type whose fields are domain types. 422 with the invalid fields.
    pub fn json<T: Deserr<Invalid>>(&self) -> Result<T> {
        Ok(self.body()?.read()?)
    }

    /// Reads the JSON body like [`Request::json`]; a missing or empty one is `{}`.
    pub fn json_or_empty<T: Deserr<Invalid>>(&self) -> Result<T> {
        Ok(self.body_or_empty()?.read()?)
    }

    /// Reads the JSON body without the members at these paths: `id`, or `variants.available` in
    /// every element of `variants`. So clients can send back what they read.
    pub fn json_ignoring<T: Deserr<Invalid>>(&self, ignored: &[&str]) -> Result<T> {
        let mut body = self.body()?;
        ignored.iter().for_each(|path| body.remove(path));
        Ok(body.read()?)
    }

    /// Returns the versions that `If-Match` allows. 400 `invalid_if_match` if it can't be parsed.
    pub fn if_match(&self) -> Result<ExpectedVersion> {
        etag::if_match(self.header("if-match")?)
    }

    /// Returns `If-None-Match`, with replacements for what is not UTF-8: no tag of ours has those.
    pub fn if_none_match(&self) -> Option<Cow<'_, str>> {
        let value = self.headers.get(IF_NONE_MATCH)?;
        Some(String::from_utf8_lossy(value.as_bytes()))
    }

    /// Returns what identifies retries of this request; `None` without an `Idempotency-Key`. `body`
    /// is the request's JSON body. 400 `cart_token_required` if there is a key, but neither a caller
    /// nor a cart token whose keys it could be one of.
    pub fn idempotency(&self, body: &Json) -> Result<Option<Idempotency>> {
        let Some(key) = self.header("idempotency-key")? else { return Ok(None) };
        let key = idempotency_key::parse(key)?;
        let user = self.caller.map(|caller| caller.user_id.to_string());
        let cart = self.cart_token().map(|token| token.digest());
        if user.is_none() && cart.is_none() {
            return Err(Error::Malformed {
                code: ProblemCode::CartTokenRequired,
                detail:
                    "A guest's Idempotency-Key needs a Cart-Token beside it: the one of the cart, \
                         or 32 random bytes in base64url."
                        .to_owned(),
            });
        }
        let callers = user.iter().chain(&cart).map(String::as_str);
        idempotency_key::identify(callers, key, &self.method, &self.path, body).map(Some)
    }

    /// Returns the bearer token, if there is one.
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// Whether the request has an `Authorization` header, valid or not.
    pub fn has_authorization(&self) -> bool {
        self.headers.contains_key(AUTHORIZATION)
    }

    /// Returns whose cart the request is about.
    pub fn shopper(&self) -> Shopper {
        let user = self.caller.map(|caller| caller.user_id);
        Shopper { user, token: self.cart_token() }
    }

    /// Returns the cart token, if there is a well-formed one.
    pub fn cart_token(&self) -> Option<CartToken> {
        CartToken::read(self.headers.get("cart-token")?.to_str().ok()?)
    }

    /// Whether the request has an `Order-Token` header, valid or not.
    pub fn has_order_token(&self) -> bool {
        self.headers.contains_key(ORDER_TOKEN)
    }

    /// Returns the `Origin` header, which browsers send.
    pub fn origin(&self) -> Option<&str> {
        self.headers.get("origin")?.to_str().ok()
    }

    /// Returns the request identifier, which is also in the log.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the number of bytes of the body.
    pub fn body_length(&self) -> usize {
        self.body.len()
    }

    /// Sets the caller.
    #[must_use]
    pub fn with_caller(self, caller: Caller) -> Self {
        Self { caller: Some(caller), ..self }
    }

    fn header(&self, name: &'static str) -> Result<Option<&str>> {
        let values = self.headers.get(HeaderName::from_static(name));
        let text = values.map(|value| value.to_str()).transpose();
        text.map_err(|_| Error::Malformed {
            code: ProblemCode::InvalidHeader,
            detail: format!("The header {name} must be visible ASCII."),
        })
    }
}

/// Returns the value, or its default if there was an error; `readable` keeps the first error.
fn or_default<T: Default>(read: Result<T>, readable: &mut Result<()>) -> T {
    read.unwrap_or_else(|error| {
        if readable.is_ok() {
            *readable = Err(error);
        }
        T::default()
    })
}
