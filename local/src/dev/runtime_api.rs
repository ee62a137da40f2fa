//! A proxy between the functions and the emulator's version of Lambda's runtime API.
//!
//! A function requests its next event and may wait for hours. The emulator's `--timeout`, meant for
//! requests to the shop, also ends this request, with 408. Lambda's runtime does not expect that
//! status and exits, and the emulator does not restart it. So this proxy repeats such a request
//! until it gets an event.

use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::failure::Result;
use crate::forward::Forward;
use crate::guard::Origins;
use crate::http::LARGEST_BODY;
use crate::serve::{RunningServer, listen_on_random_address, serve as serve_router};

/// Serves the runtime API by forwarding to the emulator at `address`.
pub fn serve(address: SocketAddr) -> Result<RunningServer> {
    let router = Router::new().fallback(pass_on).with_state(Forward::to(address));
    serve_router("runtime API", listen_on_random_address()?, router, Origins::OfThisMachine)
}

async fn pass_on(State(emulator): State<Forward>, request: Request) -> Response {
    let waits = request.uri().path().ends_with("/invocation/next");
    let (head, body) = request.into_parts();
    // Passed on as it came in, a response of 850 KB stalled for 2 to 30 s once in 300 times.
    let mut body = match to_bytes(body, LARGEST_BODY).await {
        Ok(body) => Body::from(body),
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    };
    loop {
        let request =
            Request::from_parts(head.clone(), std::mem::replace(&mut body, Body::empty()));
        match emulator.send(request).await {
            Ok(response) if waits && response.status() == StatusCode::REQUEST_TIMEOUT => {}
            Ok(response) => return response,
            Err(failure) => return (StatusCode::BAD_GATEWAY, failure.to_string()).into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::http::Client;
    use crate::serve::listen;

    /// Starts an emulator whose first two responses are timeouts (408).
    fn emulator_that_times_out(asked: Arc<AtomicU32>) -> RunningServer {
        let response = move |request: Request| {
            let asked = asked.clone();
            async move {
                match asked.fetch_add(1, Ordering::Relaxed) {
                    0 | 1 => StatusCode::REQUEST_TIMEOUT.into_response(),
                    _ => request.into_body().into_response(),
                }
            }
        };
        let router = Router::new().fallback(response);
        serve_router("emulator", listen(0).unwrap(), router, Origins::OfThisMachine).unwrap()
    }

    async fn post(served: &RunningServer, body: impl Into<Body>) -> (u16, String) {
        let url =
            format!("{}/.rt/place-order/2018-06-01/runtime/invocation/1/response", served.url());
        let request = Request::post(url).body(body.into()).unwrap();
        let response = Client::new().send(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), LARGEST_BODY).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_function_waits_for_its_event_as_long_as_it_takes() {
        let asked = Arc::new(AtomicU32::new(0));
        let emulator = emulator_that_times_out(asked.clone());
        let api = serve(emulator.address()).unwrap();
        let next = format!("{}/.rt/place-order/2018-06-01/runtime/invocation/next", api.url());
        let response = Client::new().send(Request::get(next).body(Body::empty()).unwrap()).await;
        assert_eq!(response.unwrap().status(), StatusCode::OK);
        assert_eq!(asked.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn every_other_request_is_forwarded_once() {
        let emulator = emulator_that_times_out(Arc::default());
        let api = serve(emulator.address()).unwrap();
        assert_eq!(post(&api, "response").await, (408, String::new()));
        assert_eq!(post(&api, "response").await, (408, String::new()));
        assert_eq!(post(&api, "response").await, (200, "response".to_owned()));
    }

    #[tokio::test]
    async fn the_largest_response_is_forwarded_whole() {
        let emulator = emulator_that_times_out(Arc::new(AtomicU32::new(2)));
        let api = serve(emulator.address()).unwrap();
        let largest = "0123456789".repeat(600_000);
        let (status, body) = post(&api, largest.clone()).await;
        assert!((status, body.len()) == (200, largest.len()) && body == largest);
    }
}
