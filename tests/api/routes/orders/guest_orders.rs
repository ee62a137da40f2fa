//! Orders of guests: `POST /orders` without an account, and what an order token allows.

use std::time::Duration;

use serde_json::{Value, json};
use shared::auth::order_token::OrderToken;
use shared::domain::order::PaymentMethod;
use tests::answer::Answer;
use tests::app::{App, AppBuilder};
use tests::persona::Persona;
use tests::samples::{available, create_product, id, product};

use super::path;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A cart token that belongs to no cart.
const CART_TOKEN: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// A shop in which guests may order without paying at once.
fn open_shop() -> AppBuilder {
    App::builder().configure(|config| config.payment_methods.guests = vec![PaymentMethod::Manual])
}

fn one_of(product: &Value) -> Value {
    json!({
        "items": [{"product_id": product["id"], "quantity": 1}],
        "email": "Guest@Example.com",
    })
}

async fn mug(app: &App) -> Value {
    create_product(&app.admin().await, product("Stoneware Mug", 1800, 40)).await
}

fn token(answer: &Answer) -> String {
    answer.header("order-token").expect("an order token").to_owned()
}

/// Sends a request with an order token.
async fn with_token(who: &Persona<'_>, method: &str, path: &str, token: &str) -> Answer {
    who.call(method, path).header("order-token", token).send().await
}

/// Places an order with an idempotency key and a cart token.
async fn place(who: &Persona<'_>, key: &str, cart: &str, body: &Value) -> Answer {
    let call = who.call("POST", "/orders").header("idempotency-key", key);
    call.header("cart-token", cart).json(body).send().await
}

#[tokio::test]
async fn a_guest_orders_and_the_token_acts_as_the_owner() {
    let app = open_shop().start().await;
    let (mug, guest) = (mug(&app).await, app.anonymous());

    let answer = guest.post("/orders", one_of(&mug)).await;

    answer.expect_private();
    let token = token(&answer);
    let order = answer.expect(201);
    assert_eq!(order["user_id"], json!(null));
    assert_eq!(order["email"], "guest@example.com");
    assert_eq!(order["status"], "pending_payment");
    assert_eq!(order["allowed_transitions"], json!(["cancelled"]));
    assert_eq!(available(&guest, &mug).await, 39);
    let read = with_token(&guest, "GET", &path(&order), &token).await;
    assert_eq!(read.header("order-token"), None, "the token is shown once");
    assert_eq!(read.expect(200), order);
    let cancelled = with_token(&guest, "DELETE", &path(&order), &token).await.expect(200);
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(available(&guest, &mug).await, 40);
}

#[tokio::test]
async fn a_wrong_token_finds_no_order_and_none_is_unauthenticated() {
    let app = open_shop().start().await;
    let (mug, guest) = (mug(&app).await, app.anonymous());
    let first = guest.post("/orders", one_of(&mug)).await;
    let (own, first) = (token(&first), first.expect(201));
    let second = guest.post("/orders", one_of(&mug)).await;
    let (other, second) = (token(&second), second.expect(201));
    let customer = app.customer("ada").await;

    for method in ["GET", "DELETE"] {
        for wrong in [&other, "", "no token", &format!("{own}A"), CART_TOKEN] {
            let answer = with_token(&guest, method, &path(&first), wrong).await;
            answer.expect_problem(404, "not_found");
        }
        guest.call(method, &path(&first)).send().await.expect_problem(401, "unauthenticated");
        let forged = guest.with_token("forged");
        let answer = with_token(&forged, method, &path(&first), &own).await;
        answer.expect_problem(401, "unauthenticated");
        customer.call(method, &path(&first)).send().await.expect_problem(404, "not_found");
    }
    // Either credential suffices.
    with_token(&customer, "GET", &path(&first), &own).await.expect(200);
    with_token(&app.admin().await, "GET", &path(&second), "no token").await.expect(200);
}

#[tokio::test]
async fn a_customers_order_has_no_token() {
    let app = open_shop().start().await;
    let (mug, ada) = (mug(&app).await, app.customer("ada").await);
    let body = json!({"items": [{"product_id": mug["id"], "quantity": 1}]});
    let call = ada.call("POST", "/orders").header("cart-token", CART_TOKEN);

    let answer = call.json(&body).send().await;

    assert_eq!(answer.header("order-token"), None);
    let order = answer.expect(201);
    assert!(order["email"].as_str().is_some_and(|email| email.starts_with("ada-")), "{order}");
    let derived = OrderToken::of_cart(CART_TOKEN, id(&order).parse().expect("an id"));
    for token in [CART_TOKEN.to_owned(), derived.write()] {
        let answer = with_token(&app.anonymous(), "GET", &path(&order), &token).await;
        answer.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_guest_names_an_email_address_and_a_customer_does_not() {
    let app = open_shop().start().await;
    let (mug, guest, ada) = (mug(&app).await, app.anonymous(), app.customer("ada").await);
    let items = json!([{"product_id": mug["id"], "quantity": 1}]);
    for (who, body, code) in [
        (&guest, json!({"items": items}), "required"),
        (&guest, json!({"items": items, "email": ""}), "required"),
        (&guest, json!({"items": items, "email": null}), "required"),
        (&guest, json!({"items": items, "email": 5}), "wrong_type"),
        (&guest, json!({"items": items, "email": "ada"}), "invalid_email"),
        (&ada, json!({"items": items, "email": "ada@example.com"}), "unexpected"),
    ] {
        let invalid = who.post("/orders", body).await.expect_invalid();
        assert_eq!(invalid, [("/email".to_owned(), code.to_owned())]);
    }
    assert_eq!(available(&guest, &mug).await, 40);
}

#[tokio::test]
async fn guests_may_use_only_the_payment_methods_that_are_enabled_for_them() {
    let app = App::start().await;
    let (mug, guest) = (mug(&app).await, app.anonymous());

    let problem = guest.post("/orders", one_of(&mug)).await;

    let problem = problem.expect_problem(422, "payment_method_not_enabled");
    assert_eq!(problem["enabled"], json!([]));
    assert_eq!(problem["errors"][0]["pointer"], "/payment_method");
    let ada = app.customer("ada").await;
    let card =
        json!({"items": [{"product_id": mug["id"], "quantity": 1}], "payment_method": "card"});
    let problem = ada.post("/orders", card).await.expect_problem(422, "payment_method_not_enabled");
    assert_eq!(problem["enabled"], json!(["manual"]));
    assert_eq!(available(&guest, &mug).await, 40);
    // Nothing is to be paid for it.
    let sticker = create_product(&app.admin().await, product("Sticker", 0, 5)).await;
    let order = guest.post("/orders", one_of(&sticker)).await.expect(201);
    assert_eq!((&order["status"], &order["payment_status"]), (&json!("paid"), &json!("paid")));
}

#[tokio::test]
async fn a_guests_unpaid_order_expires_after_a_day() {
    let app = open_shop().start().await;
    let order = app.anonymous().post("/orders", one_of(&mug(&app).await)).await.expect(201);
    assert_eq!(order["placed_at"], "2026-01-01T00:00:00.000Z");
    assert_eq!(order["expires_at"], "2026-01-02T00:00:00.000Z");
}

#[tokio::test]
async fn a_guests_key_needs_a_cart_token() {
    let app = open_shop().start().await;
    let (mug, guest) = (mug(&app).await, app.anonymous());
    for cart in [None, Some("short")] {
        let call = guest.call("POST", "/orders").header("idempotency-key", "k");
        let call = cart.into_iter().fold(call, |call, cart| call.header("cart-token", cart));
        let answer = call.json(&one_of(&mug)).send().await;
        answer.expect_problem(400, "cart_token_required");
    }
    assert_eq!(available(&guest, &mug).await, 40);
}

#[tokio::test]
async fn a_repeated_key_gives_a_guest_the_same_order_and_token() {
    let app = open_shop().limits("guest_checkout_ip=2/3600").start().await;
    let (mug, guest) = (mug(&app).await, app.anonymous());
    let first = place(&guest, "k", CART_TOKEN, &one_of(&mug)).await;
    let (token_of_first, order) = (token(&first), first.expect(201));

    for (after, times) in [(Duration::ZERO, 3), (11 * HOUR / 60, 2), (23 * HOUR, 2)] {
        app.advance(after);
        for _ in 0..times {
            let again = place(&guest, "k", CART_TOKEN, &one_of(&mug)).await;
            assert_eq!(again.header("idempotent-replayed"), Some("true"));
            assert_eq!(token(&again), token_of_first);
            assert_eq!(again.expect(201), order);
        }
    }

    assert_eq!(available(&guest, &mug).await, 39);
    with_token(&guest, "GET", &path(&order), &token_of_first).await.expect(200);
    let other_body =
        json!({"items": [{"product_id": mug["id"], "quantity": 2}], "email": "a@b.example"});
    let reused = place(&guest, "k", CART_TOKEN, &other_body).await;
    reused.expect_problem(422, "idempotency_key_reused");
    // The key of another guest is another key.
    let other_cart = CART_TOKEN.replace("AAE", "BBE");
    let other = place(&guest, "k", &other_cart, &one_of(&mug)).await;
    assert_eq!(other.header("idempotent-replayed"), None);
    assert_ne!(other.expect(201)["id"], order["id"]);
}

#[tokio::test]
async fn a_guest_who_logs_in_before_the_retry_gets_the_same_order() {
    let app = open_shop().start().await;
    let (mug, guest, ada) = (mug(&app).await, app.anonymous(), app.customer("ada").await);
    let first = place(&guest, "k", CART_TOKEN, &one_of(&mug)).await;
    let (token_of_first, order) = (token(&first), first.expect(201));

    let again = place(&ada, "k", CART_TOKEN, &one_of(&mug)).await;

    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(token(&again), token_of_first);
    assert_eq!(again.expect(201)["id"], order["id"]);
    assert_eq!(available(&guest, &mug).await, 39);
}

#[tokio::test]
async fn orders_of_guests_are_limited_by_ip_address() {
    let app = open_shop().limits("guest_checkout_ip=2/3600,free_order_ip=1/86400").start().await;
    let mug = mug(&app).await;
    let sticker = create_product(&app.admin().await, product("Sticker", 0, 5)).await;
    let guest = app.anonymous();
    let first = guest.post("/orders", one_of(&mug)).await;
    assert_eq!(first.header("ratelimit-policy"), Some("\"guest_checkout_ip\";q=2;w=3600"));
    first.expect(201);
    guest.post("/orders", one_of(&mug)).await.expect(201);

    guest.post("/orders", one_of(&mug)).await.expect_problem(429, "rate_limited");

    app.customer("ada")
        .await
        .post("/orders", json!({"items": one_of(&mug)["items"]}))
        .await
        .expect(201);
    let elsewhere = guest.at("198.51.100.1");
    elsewhere.post("/orders", one_of(&sticker)).await.expect(201);
    let problem = elsewhere.post("/orders", one_of(&sticker)).await;
    let problem = problem.expect_problem(429, "rate_limited");
    assert_eq!(problem["limit"], "free_order_ip");
    assert_eq!(available(&guest, &sticker).await, 4);
}

#[tokio::test]
async fn a_token_ends_180_days_after_the_orders_last_change() {
    let app = open_shop().start().await;
    let (mug, guest) = (mug(&app).await, app.anonymous());
    let placed = guest.post("/orders", one_of(&mug)).await;
    let (token, order) = (token(&placed), placed.expect(201));

    app.advance(100 * DAY);
    with_token(&guest, "DELETE", &path(&order), &token).await.expect(200);
    app.advance(180 * DAY - Duration::from_secs(1));
    with_token(&guest, "GET", &path(&order), &token).await.expect(200);
    app.advance(Duration::from_secs(1));

    let answer = with_token(&guest, "GET", &path(&order), &token).await;
    answer.expect_problem(404, "not_found");
}
