//! Stands between the functions and the emulator's side of Lambda's runtime API.
//!
//! A function asks for its next event and waits, for hours if need be. The emulator's `--timeout`,
//! which ends requests that nobody answers, ends that waiting too: Lambda's runtime does not know
//! such an answer, falls over, and the emulator does not start it again. Here it is asked anew
//! instead, and the function notices nothing.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::failure::Result;
use crate::forward::Forward;
use crate::guard::Origins;
use crate::serve::{Served, listen_hidden, serve as serve_router};

/// Passes on to the emulator at `address` what functions ask.
pub fn serve(address: SocketAddr) -> Result<Served> {
    let router = Router::new().fallback(pass_on).with_state(Forward::to(address));
    serve_router("runtime API", listen_hidden()?, router, Origins::OfThisMachine)
}

async fn pass_on(State(emulator): State<Forward>, request: Request) -> Response {
    let waits = request.uri().path().ends_with("/invocation/next");
    let (head, mut body) = request.into_parts();
    loop {
        let request =
            Request::from_parts(head.clone(), std::mem::replace(&mut body, Body::empty()));
        match emulator.send(request).await {
            Ok(answer) if waits && answer.status() == StatusCode::REQUEST_TIMEOUT => {}
            Ok(answer) => return answer,
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

    /// An emulator that answers the first two requests with a time-out.
    fn emulator_that_times_out(asked: Arc<AtomicU32>) -> Served {
        let answer = move |request: Request| {
            let asked = asked.clone();
            async move {
                match asked.fetch_add(1, Ordering::Relaxed) {
                    0 | 1 => StatusCode::REQUEST_TIMEOUT.into_response(),
                    _ => request.into_body().into_response(),
                }
            }
        };
        let router = Router::new().fallback(answer);
        serve_router("emulator", listen(0).unwrap(), router, Origins::OfThisMachine).unwrap()
    }

    async fn post(served: &Served, body: &'static str) -> (u16, String) {
        let url =
            format!("{}/.rt/place-order/2018-06-01/runtime/invocation/1/response", served.url());
        let request = Request::post(url).body(Body::from(body)).unwrap();
        let answer = Client::new().send(request).await.unwrap();
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), 1_000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_function_waits_for_its_event_as_long_as_it_takes() {
        let asked = Arc::new(AtomicU32::new(0));
        let emulator = emulator_that_times_out(asked.clone());
        let api = serve(emulator.address()).unwrap();
        let next = format!("{}/.rt/place-order/2018-06-01/runtime/invocation/next", api.url());
        let answer = Client::new().send(Request::get(next).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.unwrap().status(), StatusCode::OK);
        assert_eq!(asked.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn everything_else_is_passed_on_as_it_is() {
        let emulator = emulator_that_times_out(Arc::default());
        let api = serve(emulator.address()).unwrap();
        assert_eq!(post(&api, "answer").await, (408, String::new()));
        assert_eq!(post(&api, "answer").await, (408, String::new()));
        assert_eq!(post(&api, "answer").await, (200, "answer".to_owned()));
    }
}
