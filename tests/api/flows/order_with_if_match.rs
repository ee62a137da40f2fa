//! `POST /orders` with `If-Match`: only the version of the cart that the client has seen is
//! ordered.

use serde_json::{Value, json};
use tests::answer::Answer;
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{available, create_sku, order_of};

async fn add(ada: &Persona<'_>, quantity: u32) -> String {
    let answer = ada.post("/cart/items", json!({"sku": "MUG", "quantity": quantity})).await;
    answer.header("etag").expect("a tag").to_owned()
}

async fn order(ada: &Persona<'_>, body: Value, tag: &str, key: Option<&str>) -> Answer {
    let call = ada.call("POST", "/orders").json(&body).header("if-match", tag);
    match key {
        Some(key) => call.header("idempotency-key", key).send().await,
        None => call.send().await,
    }
}

#[tokio::test]
async fn a_cart_with_another_version_than_if_match_is_not_ordered() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_sku(&app.admin().await, "MUG", 1800, 9).await;
    let seen = add(&ada, 1).await;
    let now = add(&ada, 1).await;
    let before = app.contents().await;

    order(&ada, json!({}), &seen, None).await.expect_problem(412, "version_mismatch");
    assert_eq!(app.contents().await, before);

    order(&ada, json!({}), &now, None).await.expect(201);
    assert_eq!(available(&ada, &mug).await, 7);
}

#[tokio::test]
async fn an_already_ordered_cart_is_a_version_mismatch_before_it_is_cart_empty() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_sku(&app.admin().await, "MUG", 1800, 9).await;

    order(&ada, json!({}), "*", None).await.expect_problem(412, "version_mismatch");

    let seen = add(&ada, 1).await;
    order(&ada, json!({}), &seen, None).await.expect(201);
    order(&ada, json!({}), &seen, None).await.expect_problem(412, "version_mismatch");
    order(&ada, json!({}), "*", None).await.expect_problem(409, "cart_empty");
}

#[tokio::test]
async fn if_match_star_requires_a_stored_cart_on_every_cart_route() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_sku(&app.admin().await, "MUG", 1800, 9).await;
    let line = json!({"sku": "MUG", "quantity": 1});
    for call in [
        ada.call("POST", "/cart/items").json(&line),
        ada.call("DELETE", "/cart"),
        ada.call("DELETE", "/cart/items/MUG"),
    ] {
        call.header("if-match", "*").send().await.expect_problem(412, "version_mismatch");
    }
    add(&ada, 1).await;
    ada.call("POST", "/cart/items").json(&line).header("if-match", "*").send().await.expect(200);
}

#[tokio::test]
async fn if_match_with_items_is_rejected() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_sku(&app.admin().await, "MUG", 1800, 9).await;
    let seen = add(&ada, 1).await;
    let before = app.contents().await;

    let invalid = order(&ada, order_of(&mug, 1), &seen, None).await.expect_invalid();

    assert_eq!(invalid, [("If-Match".to_owned(), "items_are_no_cart".to_owned())]);
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn a_retry_with_the_same_key_is_replayed_before_any_other_check() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_sku(&app.admin().await, "MUG", 1800, 9).await;
    let seen = add(&ada, 1).await;
    let first = order(&ada, json!({}), &seen, Some("once")).await.expect(201);

    // The cart has another version by now, and even a malformed tag must not make the retry fail.
    for tag in [&*seen, "*", "nonsense"] {
        let again = order(&ada, json!({}), tag, Some("once")).await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{tag}: {again:?}");
        assert_eq!(again.expect(201)["id"], first["id"], "{tag}");
    }
    let other = order(&ada, json!({"payment_method": "barter"}), "*", Some("once")).await;
    other.expect_problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn an_order_needs_no_body() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_sku(&app.admin().await, "MUG", 1800, 9).await;
    add(&ada, 1).await;

    let first = ada.call("POST", "/orders").header("idempotency-key", "once").send().await;
    let first = first.expect(201);

    let again = ada.call("POST", "/orders").header("idempotency-key", "once").json(&json!({}));
    let again = again.send().await;
    assert_eq!(
        again.header("idempotent-replayed"),
        Some("true"),
        "a missing body counts as an empty one"
    );
    assert_eq!(again.expect(201)["id"], first["id"]);
}
