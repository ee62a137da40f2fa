//! The shop's API over HTTP, for a command that calls it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::pin;

use bytes::Bytes;
use futures_util::future::{Either, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use lambda_http::http::{Request, Response};
use tokio::net::TcpListener;

use crate::app::App;

/// Decides whether a request, given by method and path, gets a response of this status instead of the
/// shop's.
pub type Fault<'a> = &'a dyn Fn(&str, &str) -> Option<u16>;

/// Serves the shop while `work` runs, which gets the URL; returns what it returns.
pub async fn serve<T>(app: &App, fault: Fault<'_>, work: impl AsyncFnOnce(&str) -> T) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let server = pin!(run(app, fault, listener));
    let work = pin!(work(&url));
    match select(work, server).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => unreachable!("the server does not end"),
    }
}

async fn run(app: &App, fault: Fault<'_>, listener: TcpListener) -> Infallible {
    let mut connections = FuturesUnordered::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.next() => continue,
        };
        let (stream, _) = accepted.expect("a connection");
        let service = service_fn(move |request| answer(app, fault, request));
        connections.push(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(
    app: &App,
    fault: Fault<'_>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let (method, path) = (head.method.as_str(), head.uri.path());
    let body = body.collect().await?.to_bytes();
    if let Some(status) = fault(method, path) {
        let response = Response::builder().status(status).header("retry-after", "0");
        return Ok(response.body(Full::default()).expect("a response"));
    }
    let headers: HashMap<_, _> = head
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().expect("a text").to_owned()))
        .collect();
    let body = std::str::from_utf8(&body).expect("a text");
    let body = Some(body).filter(|body| !body.is_empty());
    let query = head.uri.query().unwrap_or_default();
    let answered = app.handle(app.event(method, path, query, &headers, body)).await;
    let mut response = Response::builder().status(answered.status);
    for (name, value) in answered.headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::new(answered.text.into())).expect("a response"))
}
