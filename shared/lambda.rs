//! Runs the handlers: start-up, logging, access check, deadline, and the conversion of errors and
//! panics to responses.

use std::borrow::Cow;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lambda_http::http::HeaderValue;
use lambda_http::tracing::subscriber;
use lambda_http::tracing::subscriber::filter::{LevelFilter, Targets};
use lambda_http::tracing::subscriber::layer::SubscriberExt;
use lambda_http::tracing::subscriber::util::SubscriberInitExt;
use lambda_http::{LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::{Instrument, error, info, info_span, warn};

use crate::config;
use crate::context::Ctx;
use crate::domain::error::{Error, Result};
use crate::http::routes::{Access, Route, methods_of};
use crate::http::{Event, Request, Response, caching, cors, problem};
use crate::jobs::Job;
use crate::services::{caller, catalogue};
use crate::store::deadline;

/// The timeout of the connection to the database during the start.
const WARM_UP: Duration = Duration::from_millis(500);

/// The timeout of loading the catalogue during the start. Lambda allows a start ten seconds.
const LOAD: Duration = Duration::from_secs(8);

pub mod start;

/// The exit code of a function's process, which ends only because of an error. The log has the
/// error.
pub type Exit = ExitCode;

/// A handler with its type erased, for tests and tools that serve the whole API.
pub struct Handler(
    Box<dyn Fn(&'static Ctx, Request) -> BoxFuture<'static, Result<Response>> + Send + Sync>,
);

impl Handler {
    /// Erases a handler's type.
    pub fn new<H, F>(handle: H) -> Self
    where
        H: Fn(&'static Ctx, Request) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Response>> + Send + 'static,
    {
        Self(Box::new(move |ctx, request| Box::pin(handle(ctx, request))))
    }

    /// Processes a request as the route's function does.
    pub async fn respond(
        &self,
        ctx: &'static Ctx,
        route: &'static Route,
        event: Event,
    ) -> Response {
        let handle = |ctx, request| (self.0)(ctx, request);
        // Boxed: the type of a request's future is too deep for the compiler.
        let response: BoxFuture<'_, Response> = Box::pin(respond(ctx, route, &handle, event));
        response.await
    }
}

/// Runs the function of a route until the Lambda runtime ends.
pub async fn run<H, F>(route: &'static Route, handle: H) -> Exit
where
    H: Fn(&'static Ctx, Request) -> F,
    F: Future<Output = Result<Response>> + Send + 'static,
{
    log_as_json();
    let Some(ctx) = start::context(config::variable) else { return Exit::FAILURE };
    warm_up(ctx, route).await;
    serve(ctx, route, handle).await
}

/// Runs the function of a route that reads the whole catalogue, which it loads when it starts. If
/// that fails, the first request tries again.
pub async fn run_with_catalogue<H, F>(route: &'static Route, handle: H) -> Exit
where
    H: Fn(&'static Ctx, Request) -> F,
    F: Future<Output = Result<Response>> + Send + 'static,
{
    log_as_json();
    let Some(ctx) = start::context(config::variable) else { return Exit::FAILURE };
    let load = tokio::time::timeout(LOAD, catalogue::load(ctx));
    let (_, loaded) = futures_util::future::join(warm_up(ctx, route), load).await;
    match loaded {
        Ok(Ok(())) => {}
        Ok(Err(error)) => warn!(?error, "the catalogue was not loaded during the start"),
        Err(_) => warn!("the catalogue was not loaded in time during the start"),
    }
    serve(ctx, route, handle).await
}

async fn serve<H, F>(ctx: &'static Ctx, route: &'static Route, handle: H) -> Exit
where
    H: Fn(&'static Ctx, Request) -> F,
    F: Future<Output = Result<Response>> + Send + 'static,
{
    let ended = lambda_http::lambda_runtime::run(service_fn(|event: LambdaEvent<Event>| {
        let event = event.payload.with_default_id(&event.context.request_id);
        let response = respond(ctx, route, &handle, event);
        async move { Ok::<_, lambda_http::Error>(payload(response.await)) }
    }));
    exit(ended.await)
}

/// A job's handler with its type erased, for tests.
pub struct JobHandler(
    Box<dyn Fn(&'static Ctx, Value) -> BoxFuture<'static, Result<Value>> + Send + Sync>,
);

impl JobHandler {
    /// Erases a handler's type.
    pub fn new<H, F, E, A>(handle: H) -> Self
    where
        H: Fn(&'static Ctx, E) -> F + Send + Sync + 'static,
        F: Future<Output = Result<A>> + Send + 'static,
        E: DeserializeOwned,
        A: Serialize,
    {
        Self(Box::new(move |ctx, event| {
            let work = serde_json::from_value(event).map(|event| handle(ctx, event));
            Box::pin(async move {
                let response = work.map_err(Error::internal)?.await?;
                serde_json::to_value(response).map_err(Error::internal)
            })
        }))
    }

    /// Processes an event as the job's function does; `None` if the job fails.
    pub async fn respond(
        &self,
        ctx: &'static Ctx,
        job: &'static Job,
        event: Value,
    ) -> Option<Value> {
        supervise(job, "", (self.0)(ctx, event)).await
    }
}

/// Runs the function of a job, which receives an event `E` and returns an `A`, until the Lambda
/// runtime ends.
pub async fn run_job<H, F, E, A>(job: &'static Job, handle: H) -> Exit
where
    H: Fn(&'static Ctx, E) -> F,
    F: Future<Output = Result<A>> + Send + 'static,
    E: DeserializeOwned,
    A: Serialize + 'static,
{
    log_as_json();
    let Some(ctx) = start::context(config::variable) else { return Exit::FAILURE };
    let ended = lambda_http::lambda_runtime::run(service_fn(|event: LambdaEvent<E>| {
        // Boxed: the type of a job's future is too deep for the compiler.
        let work: BoxFuture<'static, Result<A>> = Box::pin(handle(ctx, event.payload));
        async move {
            let response = supervise(job, &event.context.request_id, work).await;
            // The service that retries needs only the failure; the cause is in the log only.
            response.ok_or_else(|| lambda_http::Error::from("the job failed: see its log"))
        }
    }));
    exit(ended.await)
}

/// Logs why the runtime ended.
fn exit(ended: std::result::Result<(), lambda_http::Error>) -> Exit {
    if let Err(error) = ended {
        error!(%error, "the runtime has ended");
    }
    Exit::FAILURE
}

/// Runs a job's work and logs its error or panic; `None` if it fails.
async fn supervise<A>(
    job: &'static Job,
    request_id: &str,
    work: impl Future<Output = Result<A>>,
) -> Option<A> {
    let span = info_span!("job", job = job.name, request_id);
    let work = AssertUnwindSafe(work).catch_unwind().instrument(span.clone());
    let result = work.await;
    let _entered = span.enter();
    match result.unwrap_or_else(|_panic| Err(Error::internal("the handler panicked"))) {
        Ok(response) => Some(response),
        Err(error) => {
            log(&error);
            None
        }
    }
}

/// Reads the public keys during the start, when a function has the most CPU. This also opens the
/// connection to the database. If it fails, the first request reads them.
async fn warm_up(ctx: &Ctx, route: &Route) {
    if !route.uses_database {
        return;
    }
    let read = ctx.verifier.load_keys(&ctx.store, ctx.now());
    match tokio::time::timeout(WARM_UP, read).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => warn!(?error, "the database did not answer during the start"),
        Err(_) => warn!("the database did not answer in time during the start"),
    }
}

/// Processes one request, in a deployed function, the local server and tests alike.
async fn respond<H, F>(
    ctx: &'static Ctx,
    route: &'static Route,
    handle: &H,
    event: Event,
) -> Response
where
    H: Fn(&'static Ctx, Request) -> F,
    F: Future<Output = Result<Response>> + Send + 'static,
{
    let (request, readable) = Request::read(event, route, &ctx.config.base_path);
    let (id, path) = (request.id().to_owned(), request.path.clone());
    let prefix = request.prefix().to_owned();
    let (origin, limits) = (request.origin().map(str::to_owned), request.limits());
    let if_none_match = request.if_none_match().map(Cow::into_owned);
    let span =
        info_span!("request", route = route.name, request_id = id, user_id = tracing::field::Empty);
    let work = AssertUnwindSafe(work(ctx, route, handle, request, readable)).catch_unwind();
    let within = deadline::within(route.deadline.unwrap_or(ctx.config.timeouts.request), work)
        .instrument(span.clone());
    let result = match within.await {
        Some(Ok(result)) => result,
        Some(Err(_panic)) => Err(Error::internal("the handler panicked")),
        None => Err(Error::unavailable("the request exceeded its deadline")),
    };
    let _entered = span.enter();
    let response = match result {
        Ok(response) => response.with_location_prefix(&prefix),
        Err(error) => {
            log(&error);
            problem::response(&error, &path, &id)
        }
    };
    let headers = limits.headers().into_iter().flatten();
    let response = headers.fold(response, |response, (name, value)| response.header(name, &value));
    let response = caching::apply(response, route, if_none_match.as_deref());
    info!(status = response.status.as_u16(), "answered");
    finish(ctx, response, origin.as_deref(), &id)
}

async fn work<H, F>(
    ctx: &'static Ctx,
    route: &'static Route,
    handle: &H,
    request: Request,
    readable: Result<()>,
) -> Result<Response>
where
    H: Fn(&'static Ctx, Request) -> F,
    F: Future<Output = Result<Response>>,
{
    readable?;
    if request.body_length() > route.body_limit {
        return Err(Error::TooLarge { limit: route.body_limit });
    }
    if !route.owns(&request.path) {
        return Err(Error::MethodNotAllowed { allow: methods_of(&request.path) });
    }
    handle(ctx, authorize(ctx, route, request).await?).await
}

/// Checks the route's access, and adds the caller to the request. 401 without a valid access token,
/// 403 if the route is for admins and the caller is not one.
async fn authorize(ctx: &Ctx, route: &Route, request: Request) -> Result<Request> {
    match route.access {
        Access::Public | Access::Signature => return Ok(request),
        Access::Guest if !request.has_authorization() => return Ok(request),
        // The store compares the token with those of the order.
        Access::Owner if !request.has_authorization() && request.has_order_token() => {
            return Ok(request);
        }
        Access::Guest | Access::Customer | Access::Owner | Access::Admin => {}
    }
    let token = request.bearer().ok_or(Error::Unauthenticated)?;
    let caller = caller::identify(ctx, token).await?;
    tracing::Span::current().record("user_id", tracing::field::display(caller.user_id));
    if route.access == Access::Admin && !caller.is_admin() {
        return Err(Error::Forbidden);
    }
    Ok(request.with_caller(caller))
}

/// Adds the headers that every response has, including errors.
fn finish(ctx: &Ctx, response: Response, origin: Option<&str>, request_id: &str) -> Response {
    let response = cors::allow(response, origin, &ctx.config.allowed_origins);
    let mut response = response
        .header("x-request-id", request_id)
        .header("x-content-type-options", "nosniff")
        .header("strict-transport-security", "max-age=63072000; includeSubDomains")
        .header("referrer-policy", "no-referrer");
    response
        .headers
        .entry("content-security-policy")
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}

fn log(error: &Error) {
    match error {
        Error::Internal { context } => error!(%context, "internal error"),
        Error::Unavailable { context } => warn!(%context, "unavailable"),
        Error::OutcomeUnknown => warn!("the outcome of a request is unknown"),
        // Names and values of the fields come from the client and are not logged.
        Error::Invalid(invalid) => {
            let first = invalid.fields().first().map(|field| field.code.slug());
            info!(fields = invalid.fields().len(), first, "refused");
        }
        Error::Conflict(conflict) => info!(refusal = conflict.code.slug(), "refused"),
        other => info!(refusal = ?other, "refused"),
    }
}

/// Converts a response to the gateway's payload format 2.0
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>).
fn payload(response: Response) -> serde_json::Value {
    let headers: serde_json::Map<_, _> = response
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.into())))
        .collect();
    serde_json::json!({
        "statusCode": response.status.as_u16(),
        "headers": headers,
        "body": response.body.unwrap_or_default(),
        "isBase64Encoded": false,
        "cookies": [],
    })
}

/// Sets up logging: one JSON object per line, as CloudWatch expects it, without the runtime's own
/// messages below error level.
fn log_as_json() {
    let format = subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_target(false);
    let levels = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("lambda_runtime", LevelFilter::ERROR);
    subscriber::registry().with(format).with(levels).init();
}
