//! Headers of every response: request identifier, security headers, CORS.

use std::collections::HashSet;

use serde_json::json;
use tests::answer::Answer;
use tests::app::App;
use tests::samples::{create_product, product};

/// A shop that allows one login per account and window.
async fn shop() -> App {
    App::builder().limits("login_account=1/900").start().await
}

/// One response of each kind, each requested by a page of this origin.
async fn answers(app: &App, origin: &str) -> Vec<(&'static str, Answer)> {
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let visitor = app.anonymous();
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let mug = format!("/products/{}", mug["id"].as_str().expect("an id"));
    let body = product("Stoneware Mug", 1800, 5);
    let name = ada.user_id.expect("an id");
    let login = json!({"email": format!("not-{name}@example.com"), "password": "wrong"});
    let put = admin.call("PUT", &mug).json(&json!({"name": "Mug", "price": body["price"]}));
    let huge = "x".repeat(140_000);
    let calls = [
        ("200 public", visitor.call("GET", "/products")),
        ("304", visitor.call("GET", "/products").header("if-none-match", "*")),
        ("200 private", ada.call("GET", "/orders")),
        ("201", admin.call("POST", "/products").json(&body)),
        ("400", admin.call("POST", "/products").body("application/json", "{")),
        ("401", visitor.call("GET", "/orders")),
        ("401 of log-in", visitor.call("POST", "/auth/login").json(&login)),
        ("429", visitor.call("POST", "/auth/login").json(&login)),
        ("403", ada.call("POST", "/products").json(&body)),
        ("404 of a route", visitor.call("GET", "/products/mug")),
        ("404 of no route", visitor.call("GET", "/nothing")),
        ("405", visitor.call("PATCH", "/products")),
        ("409", ada.call("POST", "/orders").json(&json!({}))),
        ("412", put.header("if-match", "\"9-x\"")),
        ("413", visitor.call("POST", "/products").body("text/plain", &huge)),
        ("415", admin.call("POST", "/products").body("text/plain", "{}")),
        ("422", admin.call("POST", "/products").json(&json!({}))),
        ("204 of a preflight", visitor.call("OPTIONS", "/products")),
        ("204", admin.call("DELETE", &mug)),
    ];
    let mut answers = Vec::new();
    for (what, call) in calls {
        let answer = call.header("origin", origin).send().await;
        assert!(what.starts_with(&answer.status.to_string()), "{what}: {answer:?}");
        answers.push((what, answer));
    }
    answers
}

#[tokio::test]
async fn every_response_has_the_security_headers_and_its_own_request_id() {
    let app = shop().await;
    let mut ids = HashSet::new();
    for (what, answer) in answers(&app, "https://shop.example").await {
        for (header, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ] {
            assert_eq!(answer.header(header), Some(value), "{what}");
        }
        let transport = answer.header("strict-transport-security").unwrap_or_default();
        assert!(transport.starts_with("max-age="), "{what}: {transport}");
        let may_be_kept = answer.header("cache-control") != Some("private, no-store");
        assert_eq!(may_be_kept, ["200 public", "304"].contains(&what), "{what}: {answer:?}");
        let id = answer.header("x-request-id").unwrap_or_default().to_owned();
        assert!(id.starts_with("req-"), "{what}: {id}");
        if answer.status >= 400 {
            assert_eq!(answer.body["request_id"], id.as_str(), "{what}");
        }
        assert!(ids.insert(id), "{what}: another response has the same id");
    }
}

#[tokio::test]
async fn allowed_origins_may_read_every_response_and_its_headers() {
    let app = shop().await;
    for (what, answer) in answers(&app, "https://shop.example").await {
        let origin = answer.header("access-control-allow-origin");
        assert_eq!(origin, Some("https://shop.example"), "{what}");
        assert_eq!(answer.header("vary"), Some("Origin"), "{what}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{what}");
        let exposed = answer.header("access-control-expose-headers").unwrap_or_default();
        let expected = "ETag, Link, Location, Cart-Token, Order-Token, Retry-After, RateLimit, \
                        RateLimit-Policy, WWW-Authenticate, Allow, X-Request-Id, \
                        Idempotent-Replayed";
        assert_eq!(exposed, expected, "{what}");
    }
}

#[tokio::test]
async fn other_origins_may_read_no_response() {
    let app = shop().await;
    for origin in ["https://evil.example", "null", "https://shop.example.evil.example", "*"] {
        for (what, answer) in answers(&app, origin).await {
            let allowed = answer.header("access-control-allow-origin");
            assert_eq!(allowed, None, "{what} for {origin}");
            assert_eq!(answer.header("vary"), Some("Origin"), "{what}: caches need vary");
        }
    }
}
