//! What each port of `cargo dev` answers to web pages from elsewhere.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::Response;

use super::{emulator, runtime_api};
use crate::database::Database;
use crate::http::Client;
use crate::mailbox::Mailbox;
use crate::parameters::Parameters;
use crate::serve::{Served, listen};

const ELSEWHERE: &str = "http://evil.example";

async fn ask(served: &Served, path: &str, host: Option<&str>, origin: Option<&str>) -> Response {
    let mut request = Request::post(format!("{}{path}", served.url()));
    for (name, value) in [(header::HOST, host), (header::ORIGIN, origin)] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    Client::new().send(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn is_refused(served: &Served, path: &str, host: Option<&str>, origin: Option<&str>) -> bool {
    let answer = ask(served, path, host, origin).await;
    let refused = answer.status() == StatusCode::FORBIDDEN;
    let readable = answer.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    assert!(!refused || readable.is_none(), "a refusal is not for the page that caused it");
    refused
}

/// Every port of `cargo dev` but the API's.
fn parts() -> [(&'static str, Served); 4] {
    let listener = || listen(0).unwrap();
    [
        ("database", Database::in_memory().unwrap().serve_on(listener()).unwrap()),
        ("parameters", Parameters::in_memory().serve_on(listener()).unwrap()),
        ("mailbox", Mailbox::in_memory().serve_on(listener()).unwrap()),
        ("runtime API", runtime_api::serve(nobody()).unwrap()),
    ]
}

#[tokio::test]
async fn every_part_refuses_foreign_hosts_and_origins() {
    for (name, served) in parts() {
        for host in ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "10.0.0.1"] {
            assert!(is_refused(&served, "/", Some(host), None).await, "{name}: Host {host}");
        }
        for origin in [ELSEWHERE, "https://localhost.evil.example", "null", "http://10.0.0.1"] {
            assert!(is_refused(&served, "/", None, Some(origin)).await, "{name}: {origin}");
        }
        let own = format!("localhost:{}", served.address().port());
        for host in [&own, "LOCALHOST", "[::1]:8000", "host.docker.internal:8000"] {
            assert!(!is_refused(&served, "/", Some(host), None).await, "{name}: Host {host}");
        }
        for origin in ["http://localhost:3000", "https://127.0.0.1:5173", "http://[::1]"] {
            assert!(!is_refused(&served, "/", None, Some(origin)).await, "{name}: {origin}");
        }
        assert!(!is_refused(&served, "/", None, None).await, "{name}: what is no page");
    }
}

#[tokio::test]
async fn a_page_from_elsewhere_gets_no_preflight_of_the_database() {
    let (_, database) = parts().into_iter().next().unwrap();
    let preflight = Request::options(database.url()).header(header::ORIGIN, ELSEWHERE);
    let preflight = preflight.header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST");
    let answer = Client::new().send(preflight.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_api_answers_origins_by_the_shops_list_and_the_emulator_answers_none_from_elsewhere() {
    let api = emulator::serve(listen(0).unwrap(), nobody()).unwrap();
    assert!(is_refused(&api, "/products", Some("evil.example"), None).await);
    assert!(!is_refused(&api, "/products", None, Some(ELSEWHERE)).await);
    for path in ["/2015-03-31/functions/rotate-token-key/invocations", "/.rt/get-me/x"] {
        assert!(is_refused(&api, path, None, Some(ELSEWHERE)).await, "{path}");
        assert!(!is_refused(&api, path, None, None).await, "{path}");
    }
}

/// Where nothing listens: what comes through is answered with 502.
fn nobody() -> SocketAddr {
    ([127, 0, 0, 1], 1).into()
}
