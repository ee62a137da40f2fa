//! What `cargo dev` prints while the shop runs: a line for each request, and the warnings and errors
//! of the functions with their causes. With `--json` it prints the functions' own lines instead.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Method, header};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;
use shared::http::routes;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// The largest problem document that is read for its code. All of ours are smaller.
const PROBLEM_LIMIT: usize = 64 * 1024;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lines for people, in colours or not.
    Text {
        /// Whether to write colours.
        colours: bool,
    },
    /// The functions' own lines, which are JSON objects.
    Json,
}

impl Format {
    /// Returns the format for `--json` or its absence: colours on a terminal, unless `NO_COLOR`
    /// (<https://no-color.org>) is set.
    pub fn of_stdout(json: bool) -> Self {
        if json {
            return Self::Json;
        }
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self::Text { colours: std::io::stdout().is_terminal() && !refused }
    }

    fn paint(self, colour: Colour, text: &str) -> String {
        match self {
            Self::Text { colours: true } => format!("\x1b[{}m{text}\x1b[0m", colour as u8),
            _ => text.to_owned(),
        }
    }
}

/// ANSI's codes.
#[derive(Debug, Clone, Copy)]
enum Colour {
    Red = 31,
    Green = 32,
    Yellow = 33,
    Cyan = 36,
    Grey = 90,
}

/// The log of requests. It is silent until [`RequestLog::begin`].
#[derive(Debug, Clone)]
pub struct RequestLog {
    format: Format,
    has_begun: Arc<AtomicBool>,
}

impl RequestLog {
    /// Creates a silent log.
    pub fn new(format: Format) -> Self {
        Self { format, has_begun: Arc::default() }
    }

    /// Writes a line for each request from now on.
    pub fn begin(&self) {
        self.has_begun.store(true, Ordering::Relaxed);
    }
}

/// Logs a request once its response has begun.
pub async fn requests(State(log): State<RequestLog>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let path = request.uri().path().to_owned();
    let began = Instant::now();
    let response = next.run(request).await;
    if log.format == Format::Json || !log.has_begun.load(Ordering::Relaxed) {
        return response;
    }
    let took = began.elapsed();
    let (response, code) = with_problem_code(response).await;
    let status = response.status().as_u16();
    let line = request_line(log.format, &method, &target, &path, status, took, code.as_deref());
    // A closed terminal ends `cargo dev` by a signal.
    let _ = writeln!(std::io::stdout(), "{line}");
    response
}

/// Returns the line of a request: method, path, status, milliseconds, function, problem code.
fn request_line(
    format: Format,
    method: &Method,
    target: &str,
    path: &str,
    status: u16,
    took: Duration,
    code: Option<&str>,
) -> String {
    let colour = match status {
        500.. => Colour::Red,
        400.. => Colour::Yellow,
        _ => Colour::Green,
    };
    let status = format.paint(colour, &status.to_string());
    let function = format.paint(Colour::Grey, routes::find(method.as_str(), path).name);
    let millis = took.as_millis();
    let line = format!("{:<6} {target}  {status}  {millis} ms  {function}", method.as_str());
    code.map_or(line.clone(), |code| format!("{line}  {}", format.paint(colour, code)))
}

/// Returns a response unchanged, and the code of the problem that it is, if it is one.
async fn with_problem_code(response: Response) -> (Response, Option<String>) {
    let media_type = response.headers().get(header::CONTENT_TYPE);
    if media_type.is_none_or(|it| it.as_bytes() != b"application/problem+json") {
        return (response, None);
    }
    let (head, body) = response.into_parts();
    let Ok(body) = to_bytes(body, PROBLEM_LIMIT).await else {
        return (Response::from_parts(head, Body::empty()), None);
    };
    let code = serde_json::from_slice(&body).ok();
    let code = code.and_then(|problem: Value| problem["code"].as_str().map(str::to_owned));
    (Response::from_parts(head, Body::from(body)), code)
}

/// Copies what the functions write to the standard output, until they end.
pub async fn functions(format: Format, output: impl AsyncRead + Unpin) {
    let mut lines = BufReader::new(output).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        let line = String::from_utf8_lossy(&line);
        if let Some(line) = function_line(format, &line) {
            let _ = writeln!(std::io::stdout(), "{line}");
        }
    }
}

/// Returns the line to print for a line of a function: that line, if it is no entry of a log;
/// nothing for an entry that is neither a warning nor an error, because each request has a line.
fn function_line(format: Format, line: &str) -> Option<String> {
    let entry = serde_json::from_str::<Value>(line).ok();
    let Some((entry, level)) = entry
        .as_ref()
        .filter(|_| format != Format::Json)
        .and_then(|entry| Some((entry, entry["level"].as_str()?)))
    else {
        return Some(line.to_owned());
    };
    let level = match level {
        "ERROR" => format.paint(Colour::Red, "error"),
        "WARN" => format.paint(Colour::Yellow, "warning"),
        _ => return None,
    };
    let function = entry["span"]["route"].as_str().or(entry["span"]["job"].as_str());
    let function = format.paint(Colour::Cyan, function.unwrap_or("shop"));
    let message = entry["message"].as_str().unwrap_or_default();
    let facts = entry.as_object().into_iter().flatten().filter_map(|(name, value)| {
        let is_shown = !matches!(name.as_str(), "timestamp" | "level" | "message" | "span");
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        is_shown.then(|| format!("\n  {}: {text}", format.paint(Colour::Grey, name)))
    });
    Some(format!("{level} {function}: {message}{}", facts.collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Format = Format::Text { colours: false };
    const COLOURED: Format = Format::Text { colours: true };

    fn line(
        format: Format,
        method: Method,
        target: &str,
        status: u16,
        code: Option<&str>,
    ) -> String {
        let path = target.split('?').next().unwrap();
        request_line(format, &method, target, path, status, Duration::from_micros(12_600), code)
    }

    #[test]
    fn a_request_has_a_line_with_its_function() {
        assert_eq!(
            line(PLAIN, Method::GET, "/products?limit=2", 200, None),
            "GET    /products?limit=2  200  12 ms  list-products"
        );
        assert_eq!(
            line(PLAIN, Method::POST, "/orders", 409, Some("out_of_stock")),
            "POST   /orders  409  12 ms  place-order  out_of_stock"
        );
        assert_eq!(
            line(PLAIN, Method::GET, "/nowhere", 404, Some("not_found")),
            "GET    /nowhere  404  12 ms  route-not-found  not_found"
        );
    }

    #[test]
    fn colours_tell_success_from_failure() {
        for (status, colour) in [(201, "32"), (304, "32"), (422, "33"), (503, "31")] {
            let line = line(COLOURED, Method::GET, "/cart", status, None);
            assert!(line.contains(&format!("\x1b[{colour}m{status}\x1b[0m")), "{line}");
        }
    }

    #[test]
    fn a_warning_is_shown_with_its_cause() {
        let entry = r#"{"timestamp":"2026-01-01T12:00:00Z","level":"ERROR","message":"internal error","context":"no such key","span":{"request_id":"1","route":"place-order","name":"request"}}"#;
        assert_eq!(
            function_line(PLAIN, entry).unwrap(),
            "error place-order: internal error\n  context: no such key"
        );
        assert_eq!(function_line(Format::Json, entry).unwrap(), entry);
    }

    #[test]
    fn other_entries_are_left_out_and_other_output_is_not() {
        let entry = r#"{"level":"INFO","message":"answered","status":200,"span":{"route":"x"}}"#;
        assert_eq!(function_line(PLAIN, entry), None);
        for output in ["thread 'main' panicked", "", "[1]", "{\"a\":1}"] {
            assert_eq!(function_line(PLAIN, output).unwrap(), output);
        }
    }
}
