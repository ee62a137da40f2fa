//! What every route answers alike, as the API document says.
//!
//! Every other test checks its own requests and responses against the document
//! (`tests::contract::check`). These tests meet what only faults and broken requests bring about.

use std::collections::HashMap;

use serde_json::{Value, json};
use shared::http::routes::{Access, ROUTES, Route};
use tests::app::App;
use tests::contract::document;
use tests::gate::{Faults, Loss};
use tests::persona::Persona;
use tests::random::Random;
use tests::samples::{create_sku, id, order_of, product};

/// The routes that use the database.
fn routes() -> impl Iterator<Item = &'static Route> {
    let contracts = document::contracts().into_iter();
    contracts
        .filter(|(_, route, contract)| route.uses_database && contract.has_failures)
        .map(|(_, route, _)| route)
}

/// The event of a valid request, from the route's file in `events/`, with this token.
fn event(route: &Route, token: Option<&str>) -> Value {
    let path = format!(concat!(env!("CARGO_MANIFEST_DIR"), "/../events/{}.json"), route.name);
    let event = std::fs::read_to_string(path).expect("every route has an event");
    let mut event: Value = serde_json::from_str(&event).expect("an event");
    if let Some(token) = token {
        event["headers"]["authorization"] = format!("Bearer {token}").into();
    }
    event
}

/// Sends a valid request to every route that uses the database, and returns the codes of the
/// problems that come back, with the routes' names.
async fn problems_of_every_route(
    app: &App,
    [admin, ada]: &[Persona<'_>; 2],
    status: u16,
) -> Vec<(&'static str, String)> {
    let mut problems = Vec::new();
    for route in routes() {
        let who = if route.access == Access::Admin { admin } else { ada };
        let answer = app.handle_as(route.name, event(route, who.token.as_deref())).await;
        let code = answer.body["code"].as_str().unwrap_or_default().to_owned();
        assert_eq!(answer.status, status, "{}: {answer:?}", route.name);
        problems.push((route.name, code));
    }
    problems
}

#[tokio::test]
async fn every_route_says_when_the_database_is_unavailable() {
    let random = Some(Random::seeded());
    let faults = Faults { throttles: 100, random, ..Faults::default() };
    let app = App::builder().as_deployed().faults(faults).start().await;
    let callers = [app.admin().await, app.customer("ada").await];
    // The paused clock jumps to the end of each wait.
    tokio::time::pause();
    for (route, code) in problems_of_every_route(&app, &callers, 503).await {
        assert_eq!(code, "service_unavailable", "{route}");
    }
}

#[tokio::test]
async fn an_error_of_the_shop_itself_is_a_constant_problem_on_every_route() {
    let faults = Faults { denials: true, ..Faults::default() };
    let app = App::builder().faults(faults).start().await;
    let callers = [app.admin().await, app.customer("ada").await];
    for (route, code) in problems_of_every_route(&app, &callers, 500).await {
        assert_eq!(code, "internal", "{route}");
    }
}

#[tokio::test]
async fn every_route_says_which_part_of_a_request_can_not_be_read() {
    let app = App::start().await;
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 4] = [
        ("invalid_request_line", |event| event["rawQueryString"] = "a b".into()),
        ("invalid_host", |event| event["headers"]["host"] = "no host [".into()),
        ("invalid_header", |event| event["headers"]["x"] = "a\nb".into()),
        ("invalid_base64", |event| {
            event["body"] = "{}".into();
            event["isBase64Encoded"] = true.into();
        }),
    ];
    let paths = ROUTES.iter().flat_map(|route| route.paths().map(move |path| (route, path)));
    for (route, path) in paths {
        for (code, change) in changes {
            let method = route.method.as_ref().map_or("GET", |method| method.as_str());
            let mut event = app.event(method, path, "", &HashMap::new(), None);
            change(&mut event);
            app.handle_as(route.name, event).await.expect_problem(400, code);
        }
    }
}

/// Loses every try of a request's transaction, and checks that the response says so.
async fn lose(app: &App, what: &str, call: tests::persona::Call<'_>) {
    app.lose(Loss::OfRequest, usize::MAX);
    let answer = call.send().await;
    app.lose(Loss::OfRequest, 0);
    assert_eq!(answer.body["code"], "outcome_unknown", "{what}: {answer:?}");
    answer.expect_problem(503, "outcome_unknown");
}

#[tokio::test]
async fn every_transaction_whose_response_is_lost_has_an_unknown_outcome() {
    let timeout = std::time::Duration::from_millis(800);
    let app = App::builder().configure(|config| config.timeouts.request = timeout).start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1_800, 9).await;
    let order = ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    let path = format!("/orders/{}", id(&order));
    lose(&app, "cancel-order", ada.call("DELETE", &path)).await;
    lose(&app, "create-product", admin.call("POST", "/products").json(&product("Pot", 1, 1))).await;
    let path = format!("/products/{}", id(&mug));
    lose(&app, "update-product", admin.call("PUT", &path).json(&mug)).await;
    lose(&app, "delete-product", admin.call("DELETE", &path)).await;
    let user = format!("/users/{}", app.customer("bea").await.user_id.expect("an id"));
    lose(&app, "update-user", admin.call("PATCH", &user).json(&json!({"role": "admin"}))).await;
    lose(&app, "delete-user", admin.call("DELETE", &user)).await;

    let anyone = app.anonymous();
    let account = json!({"email": "eve@example.com", "password": "correct horse", "name": "Eve"});
    lose(&app, "register-user", anyone.call("POST", "/auth/register").json(&account)).await;
    anyone.post("/auth/register", account).await.expect(202);
    let token = app.verification_token("eve@example.com").await;
    let verification = json!({"token": token, "password": "correct horse"});
    lose(&app, "verify-email", anyone.call("POST", "/auth/verify-email").json(&verification)).await;
    anyone.post("/auth/verify-email", verification).await.expect(200);
    let login = json!({"email": "eve@example.com", "password": "correct horse"});
    let login = anyone.post("/auth/login", login).await.expect(200);
    let eve = anyone.with_token(login["access_token"].as_str().expect("a token"));
    let change = json!({"current_password": "correct horse", "new_password": "battery staple"});
    lose(&app, "change-password", eve.call("PUT", "/users/me/password").json(&change)).await;
    let password = json!({"password": "correct horse"});
    lose(&app, "delete-me", eve.call("POST", "/users/me/deletion").json(&password)).await;
    let email = json!({"email": "eve@example.com"});
    anyone.post("/auth/forgot-password", email).await.expect(202);
    let token = app.reset_token("eve@example.com").await;
    let reset = json!({"token": token, "password": "battery staple"});
    lose(&app, "reset-password", anyone.call("POST", "/auth/reset-password").json(&reset)).await;
}
