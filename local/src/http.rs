//! A small HTTP client for what listens on this machine.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use hyper_util::client::legacy::Client as Connections;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::failure::{Explain, Failure, Result};

/// Lambda's own limit of an answer is 6 MB, the database's 1 MB: nobody here sends more.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// Connections, kept open for the next request.
#[derive(Debug, Clone)]
pub(crate) struct Client(Connections<HttpConnector, Body>);

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub body: Bytes,
}

impl Client {
    pub fn new() -> Self {
        Self(Connections::builder(TokioExecutor::new()).build_http())
    }

    /// Sends a request, and waits for the head of its answer as long as it takes.
    pub async fn send(&self, request: Request<Body>) -> Result<Response> {
        let to = request.uri().to_string();
        let answer = self.0.request(request).await.explain(|| format!("asking {to}"))?;
        Ok(answer.map(Body::new))
    }

    /// Posts `body`, and waits no longer than `timeout` for the whole answer.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: String,
        timeout: Duration,
    ) -> Result<Answer> {
        let posting = || format!("POST {url}");
        let mut request = Request::post(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).explain(posting)?;
        let exchange = async {
            let (head, body) = self.send(request).await?.into_parts();
            let body = to_bytes(body, LARGEST_BODY).await.explain(posting)?;
            Ok(Answer { status: head.status, body })
        };
        tokio::time::timeout(timeout, exchange).await.map_err(|_| {
            Failure::new(format!("POST {url}: no answer in {} s", timeout.as_secs()))
        })?
    }
}
