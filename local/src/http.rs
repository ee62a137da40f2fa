//! A small HTTP client for servers on this machine.

use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use hyper_util::client::legacy::Client as Connections;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::failure::{Explain, Failure, Result};

/// Above the largest responses: Lambda's limit is 6 MB, the database's 1 MB.
pub(crate) const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// An HTTP client that reuses its connections; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Client(Connections<HttpConnector, Body>);

/// A response whose body has been read.
#[derive(Debug)]
pub(crate) struct FullResponse {
    pub status: StatusCode,
    pub body: Bytes,
}

impl Client {
    pub fn new() -> Self {
        Self(Connections::builder(TokioExecutor::new()).build_http())
    }

    /// Sends a request, and waits for the head of its response without a timeout.
    pub async fn send(&self, request: Request<Body>) -> Result<Response> {
        let to = request.uri().to_string();
        let response = self.0.request(request).await.explain(|| format!("asking {to}"))?;
        Ok(response.map(Body::new))
    }

    /// Sends a `POST` with `body`, and fails if the whole response takes longer than `timeout`.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: String,
        timeout: Duration,
    ) -> Result<FullResponse> {
        let posting = || format!("POST {url}");
        let mut request = Request::post(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body)).explain(posting)?;
        let exchange = async {
            let (head, body) = self.send(request).await?.into_parts();
            let body = to_bytes(body, LARGEST_BODY).await.explain(posting)?;
            Ok(FullResponse { status: head.status, body })
        };
        tokio::time::timeout(timeout, exchange).await.map_err(|_| {
            Failure::new(format!("POST {url}: no response within {} s", timeout.as_secs()))
        })?
    }
}
