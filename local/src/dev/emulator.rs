//! The emulator: its API for everybody, and functions invoked through it, for the pump and the
//! schedules.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::Value;

use crate::failure::Result;
use crate::forward::Forward;
use crate::guard::Origins;
use crate::http::Client;
use crate::pump::{Functions, NotDone};
use crate::serve::{Served, serve as serve_router};

/// Longer than the emulator itself waits for a function.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What the emulator answers beside the shop's routes: any function, with any event. The paths of
/// Lambda's own APIs begin with a date.
const PATHS: [&str; 3] = ["/20", "/.rt", "/lambda-url"];

/// Answers the API's requests on `listener`, by the emulator at `address`. The shop itself says
/// which pages may ask.
pub fn serve(listener: TcpListener, address: SocketAddr) -> Result<Served> {
    serve_router("API", listener, Forward::to(address).router(), Origins::AnyExceptAt(&PATHS))
}

/// The functions that the emulator serves.
#[derive(Debug, Clone)]
pub struct Emulator {
    url: String,
    client: Client,
}

impl Emulator {
    /// The emulator at `address`, which must be up.
    pub fn at(address: SocketAddr) -> Self {
        Self { url: format!("http://{address}"), client: Client::new() }
    }
}

impl Functions for Emulator {
    async fn invoke(&self, function: &str, event: Value) -> std::result::Result<Value, NotDone> {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.url);
        let headers = [("content-type", "application/json")];
        let answer = self.client.post(&url, &headers, event.to_string(), TIMEOUT).await;
        let answer = answer.map_err(|failure| NotDone::Unavailable(failure.to_string()))?;
        outcome(answer.status, &answer.body)
    }
}

/// Tells a function's own failure from the emulator's, such as one while the function is built
/// anew: only the former has the form that Lambda's runtime gives to errors.
fn outcome(status: StatusCode, body: &[u8]) -> std::result::Result<Value, NotDone> {
    let answer: Option<Value> = match body {
        [] => Some(Value::Null),
        body => serde_json::from_slice(body).ok(),
    };
    let error = answer.as_ref().and_then(|answer| answer.get("errorType")).is_some();
    match answer {
        Some(answer) if error => Err(NotDone::Failed(answer["errorMessage"].to_string())),
        Some(answer) if status.is_success() => Ok(answer),
        _ if status == StatusCode::REQUEST_TIMEOUT => {
            Err(NotDone::Unavailable("it gives no answer".to_owned()))
        }
        _ => Err(NotDone::Unavailable(format!("{status} {}", String::from_utf8_lossy(body)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_functions_failure_is_told_from_the_emulators() {
        let failed = |why: &str| Err(NotDone::Failed(why.to_owned()));
        let unavailable = |why: &str| Err(NotDone::Unavailable(why.to_owned()));
        for (status, body, expected) in [
            (200, r#"{"batchItemFailures":[]}"#, Ok(serde_json::json!({"batchItemFailures": []}))),
            (200, "null", Ok(Value::Null)),
            (200, "", Ok(Value::Null)),
            (500, r#"{"errorType":"Error","errorMessage":"no"}"#, failed("\"no\"")),
            (200, r#"{"errorType":"Error","errorMessage":"no"}"#, failed("\"no\"")),
            (408, "", unavailable("it gives no answer")),
            (500, "gone", unavailable("500 Internal Server Error gone")),
            (404, "{}", unavailable("404 Not Found {}")),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(outcome(status, body.as_bytes()), expected, "{status} {body}");
        }
    }
}
