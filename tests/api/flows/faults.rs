//! When the database is down, requests get a 503 in time, and nothing is half done.

use std::time::Duration;

use serde_json::json;
use tests::app::App;
use tests::gate::Faults;
use tests::random::Random;
use tests::samples::create_sku;

/// A shop whose database rejects every call.
async fn down() -> App {
    let random = Some(Random::seeded());
    App::builder()
        .as_deployed()
        .faults(Faults { throttles: 100, random, ..Faults::default() })
        .start()
        .await
}

/// A shop whose database accepts every call and never responds.
async fn silent() -> App {
    let random = Some(Random::seeded());
    App::builder()
        .as_deployed()
        .faults(Faults { hangs: 100, random, ..Faults::default() })
        .start()
        .await
}

/// Requests for a read and a write of each kind of access.
fn requests() -> Vec<(&'static str, &'static str, Option<serde_json::Value>)> {
    let login = json!({"email": "ada@example.com", "password": "correct horse"});
    vec![
        ("GET", "/products", None),
        ("GET", "/cart", None),
        ("GET", "/orders", None),
        ("POST", "/orders", Some(json!({}))),
        ("POST", "/auth/login", Some(login)),
    ]
}

async fn every_route_is_unavailable(app: App) {
    let ada = app.customer("ada").await;
    // The paused clock jumps to the end of each wait, so that the test does not wait.
    tokio::time::pause();
    for (method, path, body) in requests() {
        let begin = tokio::time::Instant::now();
        let call = ada.call(method, path);
        let answer = match &body {
            Some(body) => call.json(body).send().await,
            None => call.send().await,
        };
        let took = begin.elapsed();
        assert!(took < Duration::from_secs(3), "{method} {path} takes {took:?}");
        assert_eq!(answer.header("retry-after"), Some("2"), "{method} {path}: {answer:?}");
        // A transaction that was sent and got no response may have been carried out.
        let code = answer.body["code"].as_str().unwrap_or_default().to_owned();
        assert!(
            ["service_unavailable", "outcome_unknown"].contains(&&*code),
            "{method} {path}: {answer:?}"
        );
        answer.expect_problem(503, &code);
    }
}

#[tokio::test]
async fn a_database_that_rejects_every_call_is_a_503_within_three_seconds() {
    every_route_is_unavailable(down().await).await;
}

#[tokio::test]
async fn a_database_that_never_responds_is_a_503_within_three_seconds() {
    every_route_is_unavailable(silent().await).await;
}

#[tokio::test]
async fn health_is_503_when_the_database_is_down() {
    let app = down().await;
    for path in ["/health", "/"] {
        let answer = app.anonymous().get(path).await;
        assert_eq!(answer.header("retry-after"), Some("2"), "{path}");
        assert_eq!(answer.expect(503), json!({"status": "unhealthy", "database": "disconnected"}));
    }
}

#[tokio::test]
async fn an_edit_of_a_cart_that_a_checkout_is_writing_is_retried() {
    let random = Some(Random::seeded());
    let app = App::builder()
        .without_stream()
        .faults(Faults { conflicts: 40, random, ..Faults::default() })
        .start()
        .await;
    let ada = app.customer("ada").await;
    create_sku(&app.admin().await, "MUG", 1800, 50).await;

    for quantity in 1..=10 {
        let cart = ada.post("/cart/items", json!({"sku": "MUG", "quantity": 1})).await.expect(200);
        assert_eq!(cart["items"][0]["quantity"], quantity);
    }
}
