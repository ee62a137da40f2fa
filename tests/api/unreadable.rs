//! What the gateway sends that can't be read as a request, or stands where it does not belong.

use std::collections::HashMap;

use serde_json::{Value, json};
use tests::answer::Answer;
use tests::app::App;

/// What comes of an event of `GET /products` with this changed.
async fn send(app: &App, change: impl FnOnce(&mut Value)) -> Answer {
    let headers = HashMap::from([("origin".to_owned(), "https://shop.example".to_owned())]);
    let mut event = app.event("GET", "/products", "", &headers, None);
    change(&mut event);
    app.handle_as("list-products", event).await
}

#[tokio::test]
async fn what_can_not_be_read_is_a_problem_that_says_which_part() {
    let app = App::start().await;
    type Change = fn(&mut Value);
    let cases: [(&str, Change); 6] = [
        ("invalid_request_line", |event| event["rawQueryString"] = "a b".into()),
        ("invalid_request_line", |event| event["requestContext"]["http"]["method"] = "".into()),
        ("invalid_request_line", |event| {
            event["requestContext"]["http"]["method"] = "G ET".into();
        }),
        ("invalid_host", |event| event["headers"]["host"] = "no host [".into()),
        ("invalid_base64", |event| {
            event["body"] = "{}".into();
            event["isBase64Encoded"] = true.into();
        }),
        ("invalid_header", |event| event["headers"]["x"] = "a\nb".into()),
    ];
    for (code, change) in cases {
        let answer = send(&app, change).await;
        let id = answer.header("x-request-id").unwrap_or_default().to_owned();
        assert!(id.starts_with("req-"), "{code}: {id}");
        let origin = answer.header("access-control-allow-origin");
        assert_eq!(origin, Some("https://shop.example"), "{code}");
        answer.expect_private();
        let problem = answer.expect_problem(400, code);
        assert_eq!(problem["instance"], "/products", "{code}");
        assert_eq!(problem["request_id"], id.as_str(), "{code}");
    }
}

#[tokio::test]
async fn an_event_of_another_kind_is_no_request() {
    let app = App::start().await;
    for event in [json!({}), json!({"version": "1.0", "path": "/products", "httpMethod": "GET"})] {
        let problem = app.handle_as("list-products", event).await;
        assert_eq!(problem.expect_problem(400, "invalid_request_line")["instance"], "/");
    }
}

/// Whether a text is a path as RFC 3986 has it (section 3.3), and begins with one slash.
fn is_path(text: &str) -> bool {
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let escape = rest.get(1..3).is_some_and(|hex| u8::from_str_radix(hex, 16).is_ok());
        let is_plain = next.is_ascii_alphanumeric() || "/-._~!$&'()*+,;=:@".contains(next);
        if !(is_plain || next == '%' && escape) {
            return false;
        }
        rest = &rest[if next == '%' { 3 } else { 1 }..];
    }
    text.starts_with('/') && !text.starts_with("//")
}

#[tokio::test]
async fn the_instance_of_a_problem_is_a_path_whatever_was_asked_for() {
    let app = App::start().await;
    let names =
        ["", "a b", "ü", "%", "%2", "%zz", "%2F", "\u{0}", "\n", "\"><", "\\", "🦀", "?#[]"];
    let prefixes =
        ["", "/", "//", "/./", "/../", "/orders/", "/orders//", "http://evil.example/", ":"];
    for raw in prefixes.iter().flat_map(|prefix| names.map(|name| format!("{prefix}{name}"))) {
        for function in ["route-not-found", "get-order", "get-me"] {
            let mut event = app.event("GET", "/orders/ord_1", "", &HashMap::new(), None);
            event["rawPath"] = raw.as_str().into();
            let answer = app.handle_as(function, event).await;
            assert!(answer.status >= 400, "{function} {raw:?}: {answer:?}");
            let instance = answer.body["instance"].as_str().expect("an instance");
            assert!(is_path(instance), "{function} {raw:?}: {instance}");
        }
    }
}
