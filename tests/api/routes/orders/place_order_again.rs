//! `POST /orders` with an `Idempotency-Key`

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::domain::order::PaymentMethod;
use tests::answer::Answer;
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{available, create_product, create_sku, id, order_of, product, usd};

use super::path;

/// How long an idempotency key is stored.
const KEY_LIFETIME: Duration = Duration::from_secs(72 * 60 * 60);

async fn place(caller: &Persona<'_>, key: &str, body: &Value) -> Answer {
    caller.call("POST", "/orders").header("idempotency-key", key).json(body).send().await
}

#[track_caller]
fn replayed(answer: Answer, first: &Answer) -> Value {
    assert_eq!(answer.header("idempotent-replayed"), Some("true"), "{answer:?}");
    assert_eq!(answer.header("location"), first.header("location"));
    answer.expect(first.status)
}

#[tokio::test]
async fn a_retry_returns_the_first_response_and_places_no_order() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    let first = place(&ada, "key", &order_of(&mug, 1)).await;
    assert_eq!(first.header("idempotent-replayed"), None, "nothing to replay yet");
    let order = first.clone().expect(201);
    let before = app.contents().await;
    app.advance(Duration::from_secs(60));

    let again = place(&ada, "key", &order_of(&mug, 1)).await;

    again.expect_private();
    assert_eq!(again.version(), "1");
    assert_eq!(replayed(again, &first), order);
    assert_eq!(app.contents().await, before);
    assert_eq!(available(&ada, &mug).await, 4);
}

#[tokio::test]
async fn no_body_and_an_empty_object_are_the_same_request() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_sku(&app.admin().await, "MUG", 1800, 5).await;
    ada.post("/cart/items", json!({"sku": "MUG", "quantity": 1})).await.expect(200);
    let call = || ada.call("POST", "/orders").header("idempotency-key", "key");
    let first = call().send().await;
    first.clone().expect(201);

    let again = call().body("application/json", "{ }").send().await;

    assert_eq!(replayed(again, &first), first.body);
}

#[tokio::test]
async fn a_retry_shows_the_order_as_it_is_now() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    let first = place(&ada, "key", &order_of(&mug, 1)).await;
    let cancelled = ada.delete(&path(&first.body)).await.expect(200);

    let again = place(&ada, "key", &order_of(&mug, 1)).await;

    assert_eq!(again.version(), "2");
    assert_eq!(replayed(again, &first), cancelled);
    assert_eq!(available(&ada, &mug).await, 5);
}

#[tokio::test]
async fn a_retry_is_replayed_whatever_has_changed_in_the_shop() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    for (body, change, what) in [
        (json!({"items": [{"sku": "MUG", "quantity": 1}]}), "nothing", "items"),
        (json!({"items": [{"sku": "MUG", "quantity": 5}]}), "nothing", "items, now sold out"),
        (
            json!({"items": [{"sku": "MUG", "quantity": 1}], "expected_total": usd(1800)}),
            "price",
            "items, now at another price",
        ),
        (json!({"items": [{"sku": "MUG", "quantity": 1}]}), "deleted", "items, now not on sale"),
        (json!({}), "nothing", "a cart, now empty"),
        (json!({}), "refilled", "a cart, now with something else in it"),
        (json!({"expected_total": usd(1800)}), "price", "a cart, now at another price"),
        (json!({}), "deleted", "a cart, now not on sale"),
    ] {
        let mug = create_sku(&admin, "MUG", 1800, 5).await;
        let product = format!("/products/{}", id(&mug));
        let add = || ada.post("/cart/items", json!({"sku": "MUG", "quantity": 1}));
        add().await.expect(200);
        let first = place(&ada, what.replace(' ', "-").as_str(), &body).await;
        assert_eq!(first.status, 201, "{what}: {first:?}");
        match change {
            "refilled" => drop(add().await.expect(200)),
            "price" => {
                let dearer = json!({"name": "Mug", "price": usd(2000)});
                admin.put(&product, dearer).await.expect(200);
            }
            "deleted" => drop(admin.delete(&product).await.expect(204)),
            _ => {}
        }
        let before = app.contents().await;

        let again = place(&ada, what.replace(' ', "-").as_str(), &body).await;

        assert_eq!(again.status, 201, "{what}: {again:?}");
        assert_eq!(replayed(again, &first), first.body, "{what}");
        assert_eq!(app.contents().await, before, "{what}: nothing is written");

        ada.delete(&path(&first.body)).await.expect(200);
        ada.delete("/cart").await.expect(200);
        if change != "deleted" {
            admin.delete(&product).await.expect(204);
        }
    }
}

#[tokio::test]
async fn a_retry_is_replayed_even_with_five_unpaid_orders() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
    let first = place(&ada, "first", &order_of(&mug, 1)).await;
    for _ in 0..4 {
        ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    }

    let again = place(&ada, "first", &order_of(&mug, 1)).await;

    assert_eq!(replayed(again, &first), first.body);
}

#[tokio::test]
async fn bodies_with_the_same_content_are_the_same_request() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_sku(&app.admin().await, "MUG", 1800, 9).await;
    let body = json!({"items": [{"sku": "MUG", "quantity": 2}], "payment_method": "manual"});
    let first = place(&ada, "key", &body).await;

    let other_looks =
        "{ \"payment_method\" : \"manual\",\n\"items\":[{\"quantity\":2, \"sku\":\"\\u004dUG\"}]}";
    let call = ada.call("POST", "/orders").header("idempotency-key", "key");
    let again = call.body("application/json; charset=utf-8", other_looks).send().await;

    assert_eq!(replayed(again, &first), first.body);
}

#[tokio::test]
async fn a_key_is_for_one_request_only() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_sku(&app.admin().await, "MUG", 1800, 9).await;
    ada.post("/cart/items", json!({"sku": "MUG", "quantity": 1})).await.expect(200);
    place(&ada, "key", &order_of(&mug, 1)).await.expect(201);
    let before = app.contents().await;
    for (body, what) in [
        (order_of(&mug, 2), "another quantity"),
        (
            json!({"items": [{"sku": "MUG", "quantity": 1}]}),
            "the product's identifier instead of its SKU",
        ),
        (json!({}), "the cart"),
        (order_of(&mug, 50), "more than the stock"),
    ] {
        let answer = place(&ada, "key", &body).await;
        assert_eq!(answer.status, 422, "{what}: {answer:?}");
        answer.expect_problem(422, "idempotency_key_reused");
    }
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn two_customers_can_use_the_same_key() {
    let app = App::start().await;
    let (ada, grace) = (app.customer("ada").await, app.customer("grace").await);
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
    let adas = place(&ada, "key", &order_of(&mug, 1)).await.expect(201);

    let graces = place(&grace, "key", &order_of(&mug, 1)).await;

    assert_eq!(graces.header("idempotent-replayed"), None);
    let graces = graces.expect(201);
    assert_ne!(id(&graces), id(&adas));
    assert_eq!(graces["user_id"], json!(grace.user_id));
}

#[tokio::test]
async fn a_failed_request_stores_no_key() {
    let app = App::start().await;
    let (ada, grace) = (app.customer("ada").await, app.customer("grace").await);
    let mug = create_sku(&app.admin().await, "MUG", 1800, 3).await;
    let last = grace.post("/orders", order_of(&mug, 3)).await.expect(201);
    let two = order_of(&mug, 2);
    place(&ada, "stock", &two).await.expect_problem(409, "out_of_stock");
    place(&ada, "cart", &json!({})).await.expect_problem(409, "cart_empty");
    place(&ada, "other", &json!({"items": []})).await.expect_problem(422, "wrong_length");

    grace.delete(&path(&last)).await.expect(200);
    let placed = place(&ada, "stock", &two).await;
    assert_eq!(placed.header("idempotent-replayed"), None, "now it is carried out");
    placed.expect(201);
    ada.post("/cart/items", json!({"sku": "MUG", "quantity": 1})).await.expect(200);
    place(&ada, "cart", &json!({})).await.expect(201);
    grace.delete(&path(&last)).await.expect(200);
    let problem = place(&ada, "other", &two).await.expect_problem(409, "out_of_stock");
    assert_eq!(problem["lines"][0]["available"], 0, "another body, since the first request failed");
}

#[tokio::test]
async fn a_key_is_stored_for_72_hours() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
    let first = place(&ada, "key", &order_of(&mug, 1)).await;

    app.advance(KEY_LIFETIME - Duration::from_secs(1));
    let ada = ada.with_new_session().await;
    let late = place(&ada, "key", &order_of(&mug, 1)).await;
    assert_eq!(replayed(late, &first), first.body);

    app.advance(Duration::from_secs(1));
    let later = place(&ada, "key", &order_of(&mug, 1)).await;
    assert_eq!(later.header("idempotent-replayed"), None);
    assert_ne!(id(&later.clone().expect(201)), id(&first.body));

    let again = place(&ada, "key", &order_of(&mug, 1)).await;
    assert_eq!(replayed(again, &later), later.body, "and the key is stored again");
    assert_eq!(available(&ada, &mug).await, 7);
}

#[tokio::test]
async fn a_key_may_be_quoted() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
    for key in ["8e03978e-40d5-43e8-bc93-6894a57f9324", "!", &"x".repeat(255)] {
        let first = place(&ada, key, &order_of(&mug, 1)).await;

        let quoted = place(&ada, &format!("\"{key}\""), &order_of(&mug, 1)).await;

        assert_eq!(replayed(quoted, &first), first.body, "{key}");
    }
}

#[tokio::test]
async fn an_invalid_key_is_a_400() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
    let before = app.contents().await;
    for (key, what) in [
        ("", "nothing"),
        ("\"\"", "an empty quoted key"),
        ("a key", "a space"),
        ("a\tkey", "a tab"),
        (&"x".repeat(256), "256 characters"),
    ] {
        let answer = place(&ada, key, &order_of(&mug, 1)).await;
        assert_eq!(answer.status, 400, "{what}: {answer:?}");
        answer.expect_problem(400, "invalid_idempotency_key");
    }
    assert_eq!(app.contents().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_key_a_hundred_times_at_once_is_one_order_and_a_hundred_equal_responses() {
    let app = App::builder()
        .configure(|config| config.payment_methods.guests = vec![PaymentMethod::Manual])
        .start()
        .await;
    let mug = create_sku(&app.admin().await, "MUG", 1800, 50).await;
    let (ada, guest) = (app.customer("ada").await, app.anonymous().with_new_cart("MUG", 2).await);
    ada.post("/cart/items", json!({"sku": "MUG", "quantity": 2})).await.expect(200);
    let cases = [
        (&ada, json!({})),
        (&ada, order_of(&mug, 1)),
        (&guest, json!({"email": "guest@example.com"})),
    ];
    let mut left = 50;
    for (number, (who, body)) in cases.iter().enumerate() {
        let key = format!("key-{number}");

        let answers = join_all((0..100).map(|_| place(who, &key, body))).await;

        let first = &answers[0];
        let replays = answers.iter().filter(|it| it.header("idempotent-replayed").is_some());
        assert_eq!(replays.count(), 99, "{body}");
        for answer in &answers {
            assert_eq!((answer.status, &answer.body), (201, &first.body));
            for header in ["location", "etag", "order-token"] {
                assert_eq!(answer.header(header), first.header(header));
            }
        }
        left -= first.body["items"][0]["quantity"].as_u64().expect("a quantity");
        assert_eq!(available(&ada, &mug).await, left);
    }
}
