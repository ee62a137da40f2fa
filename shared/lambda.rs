//! The frame around every handler: start-up, log, access check, deadline, and the way from an
//! error or a panic to an answer.

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
use crate::http::{Event, Request, Response, cors, problem};
use crate::jobs::Job;
use crate::services::caller;
use crate::store::deadline;

/// What a start may spend on opening the connection to the database.
const WARM_UP: Duration = Duration::from_millis(500);

pub mod start;

/// How a function's process ends: never well, since a good one never ends. Why is in its log.
pub type Exit = ExitCode;

/// A handler whose type is forgotten: what the tests and tools that serve the whole API hold.
pub struct Handler(
    Box<dyn Fn(&'static Ctx, Request) -> BoxFuture<'static, Result<Response>> + Send + Sync>,
);

impl Handler {
    /// Forgets a handler's type.
    pub fn new<H, F>(handle: H) -> Self
    where
        H: Fn(&'static Ctx, Request) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Response>> + Send + 'static,
    {
        Self(Box::new(move |ctx, request| Box::pin(handle(ctx, request))))
    }

    /// Carries out a request as the route's function would.
    pub async fn respond(
        &self,
        ctx: &'static Ctx,
        route: &'static Route,
        event: Event,
    ) -> Response {
        let handle = |ctx, request| (self.0)(ctx, request);
        // Its type forgotten: what a request's future is made of is too deep for the compiler.
        let answer: BoxFuture<'_, Response> = Box::pin(respond(ctx, route, &handle, event));
        answer.await
    }
}

/// Runs the function of a route.
pub async fn run<H, F>(route: &'static Route, handle: H) -> Exit
where
    H: Fn(&'static Ctx, Request) -> F,
    F: Future<Output = Result<Response>> + Send + 'static,
{
    log_as_json();
    let Some(ctx) = start::context(config::variable) else { return Exit::FAILURE };
    warm_up(ctx, route).await;
    let ended = lambda_http::lambda_runtime::run(service_fn(|event: LambdaEvent<Event>| {
        let event = event.payload.or_id(&event.context.request_id);
        let answer = respond(ctx, route, &handle, event);
        async move { Ok::<_, lambda_http::Error>(payload(answer.await)) }
    }));
    exit(ended.await)
}

/// A job's handler whose type is forgotten: what the tests hold.
pub struct JobHandler(
    Box<dyn Fn(&'static Ctx, Value) -> BoxFuture<'static, Result<Value>> + Send + Sync>,
);

impl JobHandler {
    /// Forgets a handler's type.
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
                let answer = work.map_err(Error::internal)?.await?;
                serde_json::to_value(answer).map_err(Error::internal)
            })
        }))
    }

    /// Carries out an event as the job's function would; `None` where the function fails.
    pub async fn respond(
        &self,
        ctx: &'static Ctx,
        job: &'static Job,
        event: Value,
    ) -> Option<Value> {
        supervise(job, "", (self.0)(ctx, event)).await
    }
}

/// Runs the function of a job: what starts it sends an `E` and reads an `A`.
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
        // Its type forgotten: what a job's future is made of is too deep for the compiler.
        let work: BoxFuture<'static, Result<A>> = Box::pin(handle(ctx, event.payload));
        async move {
            let answer = supervise(job, &event.context.request_id, work).await;
            // Who retries decides by that it failed; why is in the log only.
            answer.ok_or_else(|| lambda_http::Error::from("the job failed: see its log"))
        }
    }));
    exit(ended.await)
}

/// The end of a process whose runtime has ended.
fn exit(ended: std::result::Result<(), lambda_http::Error>) -> Exit {
    if let Err(error) = ended {
        error!(%error, "the runtime has ended");
    }
    Exit::FAILURE
}

/// Sees a job's work through, whatever comes of it.
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
        Ok(answer) => Some(answer),
        Err(error) => {
            log(&error);
            None
        }
    }
}

/// The public keys are read during the start, when the machine is at its fastest: that opens the
/// connection too. If it fails, the first request tries again.
async fn warm_up(ctx: &Ctx, route: &Route) {
    if route.method.is_none() {
        return;
    }
    let read = ctx.verifier.load_keys(&ctx.store, ctx.now());
    match tokio::time::timeout(WARM_UP, read).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => warn!(?error, "the database did not answer during the start"),
        Err(_) => warn!("the database did not answer in time during the start"),
    }
}

/// Carries out one request: the same for a deployed function, a local one, and a test.
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
    let span =
        info_span!("request", route = route.name, request_id = id, user_id = tracing::field::Empty);
    let work = AssertUnwindSafe(work(ctx, route, handle, request, readable)).catch_unwind();
    let within = deadline::within(route.deadline.unwrap_or(ctx.config.timeouts.request), work)
        .instrument(span.clone());
    let result = match within.await {
        Some(Ok(result)) => result,
        Some(Err(_panic)) => Err(Error::internal("the handler panicked")),
        None => Err(Error::unavailable("the request ran into its deadline")),
    };
    let _entered = span.enter();
    let answer = match result {
        Ok(answer) => answer.behind(&prefix),
        Err(error) => {
            log(&error);
            problem::answer(&error, &path, &id)
        }
    };
    let headers = limits.headers().into_iter().flatten();
    let answer = headers.fold(answer, |answer, (name, value)| answer.header(name, &value));
    info!(status = answer.status.as_u16(), "answered");
    finish(ctx, answer, origin.as_deref(), &id)
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
    if !route.has(&request.path) {
        return Err(Error::MethodNotAllowed { allow: methods_of(&request.path) });
    }
    handle(ctx, authorize(ctx, route, request).await?).await
}

/// Lets the request through if its caller may make it, and tells the handler who that is.
async fn authorize(ctx: &Ctx, route: &Route, request: Request) -> Result<Request> {
    match route.access {
        Access::Public | Access::Signature => return Ok(request),
        Access::Guest if !request.has_credentials() => return Ok(request),
        Access::Guest | Access::Customer | Access::Owner | Access::Admin => {}
    }
    let token = request.bearer().ok_or(Error::Unauthenticated)?;
    let caller = caller::identify(ctx, token).await?;
    tracing::Span::current().record("user_id", tracing::field::display(caller.user_id));
    if route.access == Access::Admin && !caller.is_admin() {
        return Err(Error::Forbidden);
    }
    Ok(request.called_by(caller))
}

/// Gives every answer, errors and all, what every answer has.
fn finish(ctx: &Ctx, answer: Response, origin: Option<&str>, request_id: &str) -> Response {
    let answer = cors::allow(answer, origin, &ctx.config.allowed_origins);
    let mut answer = answer
        .header("x-request-id", request_id)
        .header("x-content-type-options", "nosniff")
        .header("strict-transport-security", "max-age=63072000; includeSubDomains")
        .header("referrer-policy", "no-referrer");
    answer
        .headers
        .entry("content-security-policy")
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    answer
}

fn log(error: &Error) {
    match error {
        Error::Internal { context } => error!(%context, "internal error"),
        Error::Unavailable { context } => warn!(%context, "unavailable"),
        Error::OutcomeUnknown => warn!("whether a transaction has landed is not known"),
        // What the fields are called and hold is the caller's: it stays out of the log.
        Error::Invalid(invalid) => {
            let first = invalid.fields().first().map(|field| field.code);
            info!(fields = invalid.fields().len(), first, "refused");
        }
        Error::Conflict(conflict) => info!(refusal = conflict.code, "refused"),
        other => info!(refusal = ?other, "refused"),
    }
}

/// The gateway's answer, payload format 2.0
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>).
fn payload(answer: Response) -> serde_json::Value {
    let headers: serde_json::Map<_, _> = answer
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.into())))
        .collect();
    serde_json::json!({
        "statusCode": answer.status.as_u16(),
        "headers": headers,
        "body": answer.body.unwrap_or_default(),
        "isBase64Encoded": false,
        "cookies": [],
    })
}

/// One JSON object a line, as CloudWatch takes it. The runtime's own remarks stay out of it.
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
