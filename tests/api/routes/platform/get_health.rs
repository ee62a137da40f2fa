//! `GET /health`
//!
//! When the database is down: `flows/faults.rs`.

use serde_json::json;
use tests::app::App;

#[tokio::test]
async fn a_shop_that_reaches_its_database_is_healthy() {
    let app = App::start().await;
    for who in [app.anonymous(), app.anonymous().with_token("forged")] {
        let answer = who.get("/health").await;
        assert_eq!(answer.header("cache-control"), Some("private, no-store"));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let health = answer.expect(200);
        assert_eq!(health, json!({"status": "healthy", "database": "connected"}));
    }
}

#[tokio::test]
async fn the_root_answers_like_the_health_check() {
    let app = App::start().await;
    let health = app.anonymous().get("/health").await.expect(200);
    assert_eq!(app.anonymous().get("/").await.expect(200), health);
    app.anonymous()
        .post("/", serde_json::json!({}))
        .await
        .expect_problem(405, "method_not_allowed");
}
