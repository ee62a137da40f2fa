//! What every route answers alike, as the API document says.
//!
//! Every other test checks its own requests and responses against the document
//! (`tests::contract::check`). These tests meet what only faults and broken requests bring about.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::http::routes::{Access, ROUTES, Route};
use shared::store::keys::{self, Key};
use tests::app::App;
use tests::contract::document;
use tests::gate::{Faults, Loss};
use tests::persona::Persona;
use tests::random::Random;
use tests::samples::{available, create_sku, id, order_of, product};

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
    let paid = json!({"status": "paid"});
    lose(&app, "update-order", admin.call("PUT", &path).json(&paid)).await;
    let set = admin.call("PUT", "/inventory/MUG").header("if-match", "*");
    lose(&app, "set-inventory", set.json(&json!({"available": 3}))).await;
    let adjust = admin.call("POST", "/inventory/MUG/adjustments");
    lose(&app, "adjust-inventory", adjust.json(&json!({"delta": 3, "reason": "Lost"}))).await;
    let reviews = format!("/products/{}/reviews", id(&mug));
    let five = json!({"rating": 5});
    lose(&app, "create-review", ada.call("POST", &reviews).json(&five)).await;
    let review = ada.post(&reviews, five).await.expect(201);
    let review = format!("{reviews}/{}", id(&review));
    lose(&app, "update-review", ada.call("PUT", &review).json(&json!({"rating": 4}))).await;
    let rejected = json!({"status": "rejected"});
    let moderate = admin.call("PUT", &format!("{review}/status"));
    lose(&app, "moderate-review", moderate.json(&rejected)).await;
    lose(&app, "delete-review", ada.call("DELETE", &review)).await;
    lose(&app, "create-product", admin.call("POST", "/products").json(&product("Pot", 1, 1))).await;
    let path = format!("/products/{}", id(&mug));
    lose(&app, "update-product", admin.call("PUT", &path).json(&mug)).await;
    lose(&app, "delete-product", admin.call("DELETE", &path)).await;
    let cups = json!({"slug": "cups", "name": "Cups"});
    lose(&app, "create-category", admin.call("POST", "/categories").json(&cups)).await;
    for category in ["cups", "mugs"] {
        admin.create_category(category).await;
    }
    let inside = json!({"name": "Cups", "parent": "mugs"});
    lose(&app, "update-category", admin.call("PUT", "/categories/cups").json(&inside)).await;
    lose(&app, "delete-category", admin.call("DELETE", "/categories/cups")).await;
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

/// Deletes an item of the table, as only a concurrent request could.
async fn delete_item(app: &App, key: Key) {
    let delete = app.client.delete_item().table_name(&app.table);
    let delete = delete.key(keys::PK, AttributeValue::S(key.pk));
    delete.key(keys::SK, AttributeValue::S(key.sk)).send().await.expect("a deletion");
}

#[tokio::test]
async fn a_profile_that_is_deleted_during_a_request_is_not_found() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    delete_item(&app, keys::profile(ada.user_id.expect("an id"))).await;
    let change = json!({"current_password": "correct horse", "new_password": "battery staple"});
    for (method, path, body) in [
        ("GET", "/users/me", Value::Null),
        ("PATCH", "/users/me", json!({"name": "Ada"})),
        ("PUT", "/users/me/password", change),
        ("POST", "/users/me/deletion", json!({"password": "correct horse"})),
    ] {
        let call = ada.call(method, path);
        let call = if body.is_null() { call } else { call.json(&body) };
        call.send().await.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_recorded_payment_is_refunded_before_its_order_is_cancelled() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1_800, 9).await;
    let order = ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    // No route records a payment yet.
    let key = keys::order(id(&order).parse().expect("an id"));
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key(keys::PK, AttributeValue::S(key.pk));
    let update = update.key(keys::SK, AttributeValue::S(key.sk));
    let update =
        update.update_expression("SET summary.#status = :paid, summary.payment_status = :paid");
    let update = update.expression_attribute_names("#status", "status");
    let paid = AttributeValue::S("paid".to_owned());
    update.expression_attribute_values(":paid", paid).send().await.expect("an update");

    let path = format!("/orders/{}", id(&order));
    ada.delete(&path).await.expect_problem(409, "refund_first");

    assert_eq!(ada.get(&path).await.expect(200)["status"], "paid");
    assert_eq!(available(&ada, &mug).await, 8, "nothing returns to stock");
}

#[tokio::test]
async fn every_route_names_the_fields_that_are_not_valid() {
    let app = App::start().await;
    let (admin, ada, anyone) = (app.admin().await, app.customer("ada").await, app.anonymous());
    let mug = create_sku(&admin, "MUG", 1_800, 9).await;
    let product = format!("/products/{}", id(&mug));
    let registration = |phone: &str| json!({"email": "eve@example.com", "password": "correct horse", "name": "Eve\u{202e}", "phone": phone});
    let address = json!({
        "name": "A\u{202e}da", "line1": "1 Square", "city": "London", "country": "GB",
    });
    let order = json!({
        "items": [{"product_id": "mug", "quantity": 1}], "shipping_address": address,
    });
    let mut variants = mug.clone();
    variants["name"] = "M\u{202e}ug".into();
    variants["category"] = "--".into();
    variants["stock"] = 1.into();
    variants["price"]["currency"] = "XYZ".into();
    let control = "correct\u{1}horse";
    for (who, method, path, body, expected) in [
        (
            &anyone,
            "POST",
            "/auth/register",
            registration("12\u{200b}34"),
            "/name bidi_control, /phone hidden_character",
        ),
        (
            &anyone,
            "POST",
            "/auth/register",
            registration("phone"),
            "/name bidi_control, /phone no_digit",
        ),
        (
            &anyone,
            "POST",
            "/auth/reset-password",
            json!({"token": "t", "password": control}),
            "/password control_character",
        ),
        (
            &anyone,
            "POST",
            "/auth/reset-password",
            json!({"token": "t", "password": "password"}),
            "/password password_too_common",
        ),
        (
            &ada,
            "PUT",
            "/users/me/password",
            json!({"current_password": "x", "new_password": control}),
            "/new_password control_character",
        ),
        (
            &ada,
            "POST",
            "/orders",
            order,
            "/items/0/product_id invalid_id, /shipping_address/name bidi_control",
        ),
        (
            &admin,
            "PUT",
            &*product,
            variants,
            "/category invalid_slug, /name bidi_control, /price/currency unknown_currency, \
             /stock stock_of_variants",
        ),
        (&admin, "GET", "/users?name=A%E2%80%AEda", Value::Null, "name bidi_control"),
        (
            &admin,
            "PUT",
            "/orders/ord_01890a5d-ac96-774b-bcce-b302099a8057",
            json!({
                "tracking": {"carrier": "D\u{202e}HL", "number": "00\u{1}34", "url": "dhl"},
                "note": "x".repeat(501),
            }),
            "/note too_long, /tracking/carrier bidi_control, /tracking/number control_character, \
             /tracking/url invalid_url",
        ),
        (
            &admin,
            "PUT",
            "/inventory/MUG",
            json!({"available": 1, "reason": "C\u{202e}ounted"}),
            "/reason bidi_control",
        ),
        (
            &admin,
            "PUT",
            "/inventory/MUG",
            json!({"available": 1, "reason": "Counted\ntwice"}),
            "/reason control_character",
        ),
        (
            &admin,
            "POST",
            "/inventory/MUG/adjustments",
            json!({"delta": 1, "reason": "C\u{202e}ounted"}),
            "/reason bidi_control",
        ),
        (
            &ada,
            "PUT",
            "/products/prd_01890a5d-ac96-774b-bcce-b302099a8057/reviews/rev_01890a5d-ac96-774b-bcce-b302099a8057",
            json!({"rating": 5, "body": "a\u{202e}b"}),
            "/body bidi_control",
        ),
        (
            &admin,
            "GET",
            "/inventory?limit=0&low_stock=x",
            Value::Null,
            "limit limit_out_of_range, low_stock unknown_value",
        ),
        (
            &admin,
            "GET",
            "/inventory/MUG/movements?limit=0",
            Value::Null,
            "limit limit_out_of_range",
        ),
        (
            &admin,
            "GET",
            "/admin/reviews?limit=0&status=x",
            Value::Null,
            "limit limit_out_of_range, status unknown_value",
        ),
        (
            &anyone,
            "GET",
            "/products/prd_01890a5d-ac96-774b-bcce-b302099a8057/reviews?limit=0&sort=x",
            Value::Null,
            "limit limit_out_of_range, sort unknown_value",
        ),
        (&admin, "POST", "/categories", json!({"name": "C\u{202e}ups"}), "/name bidi_control"),
        (&admin, "PUT", "/categories/cups", json!({"name": "C\u{202e}ups"}), "/name bidi_control"),
    ] {
        let call = who.call(method, path);
        let call = if body.is_null() { call } else { call.json(&body) };
        assert_eq!(call.send().await.broken(), expected, "{method} {path} {body}");
    }
    let long = format!("/users?name={}", "x".repeat(201));
    assert_eq!(admin.get(&long).await.broken(), "name too_long");
    let call = ada.call("POST", "/orders").header("if-match", "no tag");
    call.json(&json!({})).send().await.expect_problem(400, "invalid_if_match");
}

#[tokio::test]
async fn a_reset_does_not_make_the_users_name_or_email_their_password() {
    let app = App::start().await;
    app.put_account("adalovelace@example.com", "correct horse").await;
    let token = app.reset_token("adalovelace@example.com").await;
    let reset = |password: &str| json!({"token": token, "password": password});
    for (password, expected) in [
        ("adalovelace@example.com", "/password password_is_email"),
        ("1815-Ada-1852", "/password password_is_name"),
    ] {
        let answer = app.anonymous().post("/auth/reset-password", reset(password)).await;
        assert_eq!(answer.broken(), expected);
    }
}
