//! The emulator (`cargo lambda watch`): forwards the API's requests to it, and invokes functions
//! through it for the pump and the schedules.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use axum::http::StatusCode;
use axum::middleware;
use serde_json::Value;

use super::log::{self, RequestLog};
use crate::failure::Result;
use crate::forward::Forward;
use crate::guard::Origins;
use crate::http::Client;
use crate::pump::{Functions, InvokeError};
use crate::serve::{RunningServer, serve as serve_router};

/// Timeout of an invocation; longer than the emulator's own.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Prefixes of the emulator's own paths, which invoke any function with any event. The paths of
/// Lambda's APIs begin with a date, such as `/2015-03-31`.
const EMULATOR_PATHS: [&str; 3] = ["/20", "/.rt", "/lambda-url"];

/// Serves the shop's API on `listener` by forwarding to the emulator at `address`. The shop's own
/// CORS settings decide which origins may call it; the emulator's paths reject foreign origins.
pub fn serve(listener: TcpListener, address: SocketAddr, log: RequestLog) -> Result<RunningServer> {
    let router = Forward::to(address).router();
    let router = router.layer(middleware::from_fn_with_state(log, log::requests));
    serve_router("API", listener, router, Origins::AnyExceptAt(&EMULATOR_PATHS))
}

/// Invokes functions through the emulator.
#[derive(Debug, Clone)]
pub struct Emulator {
    url: String,
    client: Client,
}

impl Emulator {
    /// Creates a client of the emulator at `address`.
    pub fn at(address: SocketAddr) -> Self {
        Self { url: format!("http://{address}"), client: Client::new() }
    }
}

impl Functions for Emulator {
    async fn invoke(
        &self,
        function: &str,
        event: Value,
    ) -> std::result::Result<Value, InvokeError> {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.url);
        let headers = [("content-type", "application/json")];
        let response = self.client.post(&url, &headers, event.to_string(), TIMEOUT).await;
        let response = response.map_err(|failure| InvokeError::Unavailable(failure.to_string()))?;
        outcome(response.status, &response.body)
    }
}

/// Returns the function's response, or who failed: a body with `errorType`, which Lambda's runtime
/// writes, is a failure of the function; any other error is the emulator's, for example while it
/// rebuilds the function.
fn outcome(status: StatusCode, body: &[u8]) -> std::result::Result<Value, InvokeError> {
    let response: Option<Value> = match body {
        [] => Some(Value::Null),
        body => serde_json::from_slice(body).ok(),
    };
    let error = response.as_ref().and_then(|response| response.get("errorType")).is_some();
    match response {
        Some(response) if error => Err(InvokeError::Failed(response["errorMessage"].to_string())),
        Some(response) if status.is_success() => Ok(response),
        _ if status == StatusCode::REQUEST_TIMEOUT => {
            Err(InvokeError::Unavailable("no response in time".to_owned()))
        }
        _ => Err(InvokeError::Unavailable(format!("{status} {}", String::from_utf8_lossy(body)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_functions_failure_is_distinguished_from_the_emulators() {
        let failed = |why: &str| Err(InvokeError::Failed(why.to_owned()));
        let unavailable = |why: &str| Err(InvokeError::Unavailable(why.to_owned()));
        for (status, body, expected) in [
            (200, r#"{"batchItemFailures":[]}"#, Ok(serde_json::json!({"batchItemFailures": []}))),
            (200, "null", Ok(Value::Null)),
            (200, "", Ok(Value::Null)),
            (500, r#"{"errorType":"Error","errorMessage":"no"}"#, failed("\"no\"")),
            (200, r#"{"errorType":"Error","errorMessage":"no"}"#, failed("\"no\"")),
            (408, "", unavailable("no response in time")),
            (500, "gone", unavailable("500 Internal Server Error gone")),
            (404, "{}", unavailable("404 Not Found {}")),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(outcome(status, body.as_bytes()), expected, "{status} {body}");
        }
    }
}
