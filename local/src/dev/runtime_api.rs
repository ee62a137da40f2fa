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
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::ports::local;
use crate::failure::Result;
use crate::http::Client;
use crate::serve::{Served, listen, spawn};

#[derive(Debug, Clone)]
struct Emulator {
    address: SocketAddr,
    client: Client,
}

/// Passes on to the emulator on `port` what functions ask.
pub fn serve(port: u16) -> Result<Served> {
    let emulator = Emulator { address: local(port), client: Client::new() };
    let router = Router::new().fallback(pass_on).with_state(emulator);
    spawn("runtime API", listen(0)?, move |listener, stopped| async move {
        axum::serve(listener, router)
            .with_graceful_shutdown(stopped)
            .await
            .map_err(|error| format!("the runtime API failed: {error}"))
    })
}

async fn pass_on(State(emulator): State<Emulator>, request: Request) -> Response {
    let (mut head, mut body) = request.into_parts();
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let waits = head.uri.path().ends_with("/invocation/next");
    match format!("http://{}{path}", emulator.address).parse::<Uri>() {
        Ok(uri) => head.uri = uri,
        Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
    loop {
        let request =
            Request::from_parts(head.clone(), std::mem::replace(&mut body, Body::empty()));
        match emulator.client.send(request).await {
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
        spawn("emulator", listen(0).unwrap(), move |listener, stopped| async move {
            let served = axum::serve(listener, Router::new().fallback(answer));
            served.with_graceful_shutdown(stopped).await.map_err(|error| error.to_string())
        })
        .unwrap()
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
        let api = serve(emulator.address().port()).unwrap();
        let next = format!("{}/.rt/place-order/2018-06-01/runtime/invocation/next", api.url());
        let answer = Client::new().send(Request::get(next).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.unwrap().status(), StatusCode::OK);
        assert_eq!(asked.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn everything_else_is_passed_on_as_it_is() {
        let emulator = emulator_that_times_out(Arc::default());
        let api = serve(emulator.address().port()).unwrap();
        assert_eq!(post(&api, "answer").await, (408, String::new()));
        assert_eq!(post(&api, "answer").await, (408, String::new()));
        assert_eq!(post(&api, "answer").await, (200, "answer".to_owned()));
    }
}
