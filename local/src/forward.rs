//! Forwards HTTP requests to another server on this machine.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use crate::failure::{Explain, Result};
use crate::http::Client;

/// Forwards requests to one server.
#[derive(Debug, Clone)]
pub(crate) struct Forward {
    to: SocketAddr,
    client: Client,
}

impl Forward {
    /// Creates a forwarder to the server at `address`.
    pub fn to(address: SocketAddr) -> Self {
        Self { to: address, client: Client::new() }
    }

    /// Returns a router that forwards every request; it responds with 502 when the server can't be
    /// reached.
    pub fn router(self) -> Router {
        Router::new().fallback(pass_on).with_state(self)
    }

    /// Forwards a request unchanged, and waits for the response without a timeout.
    pub async fn send(&self, mut request: Request) -> Result<Response> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let uri = format!("http://{}{path}", self.to);
        *request.uri_mut() = uri.parse::<Uri>().explain(|| uri)?;
        self.client.send(request).await
    }
}

async fn pass_on(State(forward): State<Forward>, request: Request) -> Response {
    forward
        .send(request)
        .await
        .unwrap_or_else(|failure| (StatusCode::BAD_GATEWAY, format!("{failure}\n")).into_response())
}
