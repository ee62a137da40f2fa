//! Tests that each port of `cargo dev` rejects requests from web pages of other sites.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::Response;

use super::log::{Format, RequestLog};
use super::{emulator, runtime_api};
use crate::database::Database;
use crate::http::Client;
use crate::mailbox::Mailbox;
use crate::parameters::Parameters;
use crate::serve::{RunningServer, listen};
use crate::template::Template;

const FOREIGN_ORIGIN: &str = "http://evil.example";

async fn ask(
    served: &RunningServer,
    path: &str,
    host: Option<&str>,
    origin: Option<&str>,
) -> Response {
    let mut request = Request::post(format!("{}{path}", served.url()));
    for (name, value) in [(header::HOST, host), (header::ORIGIN, origin)] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    Client::new().send(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn is_rejected(
    served: &RunningServer,
    path: &str,
    host: Option<&str>,
    origin: Option<&str>,
) -> bool {
    let response = ask(served, path, host, origin).await;
    let rejected = response.status() == StatusCode::FORBIDDEN;
    let readable = response.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    assert!(!rejected || readable.is_none(), "the page must not be able to read the rejection");
    rejected
}

/// Starts every server of `cargo dev` except the API.
fn parts() -> [(&'static str, RunningServer); 4] {
    let listener = || listen(0).unwrap();
    [
        ("database", Database::in_memory().unwrap().serve_on(listener()).unwrap()),
        ("parameters", Parameters::in_memory().serve_on(listener()).unwrap()),
        ("mailbox", Mailbox::in_memory().serve_on(listener()).unwrap()),
        ("runtime API", runtime_api::serve(closed_address()).unwrap()),
    ]
}

#[tokio::test]
async fn every_part_rejects_foreign_hosts_and_origins() {
    for (name, served) in parts() {
        for host in [
            "evil.example",
            "evil.example:8000",
            "127.0.0.1.evil.example",
            "localhost.evil.example.",
            "10.0.0.1",
            "0.0.0.0:8000",
            "[::]",
            "[::ffff:10.0.0.1]",
        ] {
            assert!(is_rejected(&served, "/", Some(host), None).await, "{name}: Host {host}");
        }
        for origin in [FOREIGN_ORIGIN, "https://localhost.evil.example", "null", "http://10.0.0.1"]
        {
            assert!(is_rejected(&served, "/", None, Some(origin)).await, "{name}: {origin}");
        }
        let own = format!("localhost:{}", served.address().port());
        let names = ["LOCALHOST", "localhost.", "localhost.:80", "[::1]:8000", "127.8.9.10"];
        for host in names.into_iter().chain([own.as_str(), "host.docker.internal:8000"]) {
            assert!(!is_rejected(&served, "/", Some(host), None).await, "{name}: Host {host}");
        }
        for origin in ["http://localhost:3000", "https://127.0.0.1:5173", "http://[::1]"] {
            assert!(!is_rejected(&served, "/", None, Some(origin)).await, "{name}: {origin}");
        }
        assert!(
            !is_rejected(&served, "/", None, None).await,
            "{name}: a request that is not from a web page"
        );
    }
}

#[tokio::test]
async fn the_database_rejects_the_preflight_of_a_foreign_page() {
    let (_, database) = parts().into_iter().next().unwrap();
    let preflight = Request::options(database.url()).header(header::ORIGIN, FOREIGN_ORIGIN);
    let preflight = preflight.header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST");
    let response = Client::new().send(preflight.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_api_accepts_foreign_origins_except_at_the_emulators_paths() {
    let log = RequestLog::new(Format::Json);
    let api = emulator::serve(listen(0).unwrap(), closed_address(), log).unwrap();
    assert!(is_rejected(&api, "/products", Some("evil.example"), None).await);
    assert!(!is_rejected(&api, "/products", None, Some(FOREIGN_ORIGIN)).await);
    for path in [
        "/2015-03-31/functions/rotate-token-key/invocations",
        "/2018-06-01/runtime/invocation/next",
        "/.rt/get-me/x",
        "/lambda-url/get-me/x",
    ] {
        assert!(is_rejected(&api, path, None, Some(FOREIGN_ORIGIN)).await, "{path}");
        assert!(!is_rejected(&api, path, None, None).await, "{path}");
    }
}

#[test]
fn servers_without_a_guard_listen_on_random_addresses() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let engine = Database::in_memory().unwrap().serve().unwrap();
    let runtime_api = runtime_api::serve(closed_address()).unwrap();
    let emulator = super::emulators_address().unwrap();
    for address in [engine.address(), runtime_api.address(), emulator] {
        assert_ne!(address.ip(), closed_address().ip());
    }
}

#[test]
fn an_event_that_is_not_emulated_is_an_error() {
    let events = |kind: &str| {
        let template = Template::parse(&format!(
            "Resources: {{Function: {{Type: AWS::Serverless::Function, Properties: {{\
             CodeUri: target/lambda/erase-users/, Events: {{Clock: {{Type: {kind}, \
             Properties: {{Schedule: rate(5 minutes)}}}}}}}}}}}}"
        ));
        super::events_of(&template.unwrap(), &["erase-users".to_owned()])
    };
    let (_, schedules) = events("Schedule").unwrap();
    assert_eq!(schedules.len(), 1);
    assert!(events("ScheduleV2").unwrap_err().to_string().contains("Clock"));
}

/// An address on which nothing listens: a forwarded request gets 502.
fn closed_address() -> SocketAddr {
    ([127, 0, 0, 1], 1).into()
}
