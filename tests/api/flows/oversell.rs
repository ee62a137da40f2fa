//! Races for stock: it never goes below zero, and one cart or one idempotency key is one order.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::answer::Answer;
use tests::app::App;
use tests::gate::Faults;
use tests::persona::Persona;
use tests::random::Random;
use tests::samples::{available, create_product, create_sku, product};

/// Counts the responses by status.
fn tally(answers: &[Answer]) -> BTreeMap<u16, usize> {
    let mut tally = BTreeMap::new();
    for answer in answers {
        *tally.entry(answer.status).or_default() += 1;
    }
    tally
}

/// Buys one unit; some customers cancel at once.
async fn buy_and_sometimes_cancel(customer: &Persona<'_>, product: &Value) -> Answer {
    let placed = customer.post("/orders", one_of(product)).await;
    let order = placed.body["id"].as_str().filter(|id| placed.status == 201 && id.ends_with('0'));
    if let Some(order) = order {
        customer.delete(&format!("/orders/{order}")).await;
    }
    placed
}

fn one_of(product: &Value) -> Value {
    json!({"items": [{"product_id": product["id"], "quantity": 1}]})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_customers_order_the_last_ten_at_once() {
    let app = App::start().await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 10)).await;
    let customers = app.customers(200).await;

    app.race(200);
    let answers = join_all(customers.iter().map(|c| c.post("/orders", one_of(&mug)))).await;

    assert_eq!(tally(&answers), BTreeMap::from([(201, 10), (409, 190)]));
    for answer in answers.into_iter().filter(|answer| answer.status == 409) {
        let problem = answer.expect_problem(409, "out_of_stock");
        assert_eq!(problem["lines"][0]["requested"], 1);
        assert_eq!(problem["lines"][0]["available"], 0);
    }
    assert_eq!(available(&app.anonymous(), &mug).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_adds_up_under_conflicts_throttling_and_lost_responses() {
    let random = Some(Random::seeded());
    let faults =
        Faults { conflicts: 20, throttles: 5, lost_responses: 5, random, ..Faults::default() };
    let app = App::builder().faults(faults).start().await;
    let mug = loop {
        // The set-up meets faults too: a product whose response was lost is created again.
        let new = product("Stoneware Mug", 1800, 30);
        let answer = app.admin().await.post("/products", new).await;
        if answer.status == 201 {
            break answer.body;
        }
    };
    let customers = app.customers(60).await;

    let answers =
        join_all(customers.iter().map(|customer| buy_and_sometimes_cancel(customer, &mug)));
    let answers = answers.await;

    for answer in &answers {
        assert!([201, 409, 503].contains(&answer.status), "{answer:?}");
    }
    let (mut live, mut left) = (0, None);
    for item in app.items().await {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned();
        match text("type").as_deref() {
            Some("order") => {
                let status = item["summary"].as_m().expect("a map")["status"].as_s();
                live += i64::from(status.expect("a text") != "cancelled");
            }
            Some("variant") if text("product_id").as_deref() == mug["id"].as_str() => {
                left = item["available"].as_n().ok().and_then(|n| n.parse::<i64>().ok());
            }
            _ => {}
        }
    }
    assert_eq!(
        left.expect("the variant") + live,
        30,
        "30 initial = available + units in orders that are not cancelled"
    );
}

#[tokio::test]
async fn the_same_sku_twice_in_one_order_is_one_line_that_needs_the_summed_stock() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_sku(&app.admin().await, "MUG", 1800, 3).await;
    let twice = |a: u32, b: u32| json!({"items": [{"sku": "MUG", "quantity": a}, {"sku": "MUG", "quantity": b}]});

    let problem = ada.post("/orders", twice(2, 2)).await.expect_problem(409, "out_of_stock");
    assert_eq!(problem["lines"], json!([{"sku": "MUG", "requested": 4, "available": 3}]));

    let order = ada.post("/orders", twice(1, 2)).await.expect(201);
    assert_eq!(order["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(order["items"][0]["quantity"], 3);
    assert_eq!(available(&ada, &mug).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_cart_placed_fifty_times_at_once_is_one_order() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 100)).await;
    ada.post("/cart/items", json!({"product_id": mug["id"], "quantity": 1})).await.expect(200);

    app.race(50);
    let answers = join_all((0..50).map(|_| ada.post("/orders", json!({})))).await;

    assert_eq!(tally(&answers), BTreeMap::from([(201, 1), (409, 49)]));
    for answer in answers.into_iter().filter(|answer| answer.status == 409) {
        answer.expect_problem(409, "cart_empty");
    }
    assert_eq!(available(&ada, &mug).await, 99);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_used_fifty_times_at_once_is_one_order_and_fifty_equal_responses() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 100)).await;
    ada.post("/cart/items", json!({"product_id": mug["id"], "quantity": 1})).await.expect(200);
    for (key, body) in [("items", one_of(&mug)), ("cart", json!({}))] {
        let place =
            || ada.call("POST", "/orders").header("idempotency-key", key).json(&body).send();

        app.race(50);
        let answers = join_all((0..50).map(|_| place())).await;

        assert_eq!(tally(&answers), BTreeMap::from([(201, 50)]));
        let first = &answers[0];
        let replays =
            answers.iter().filter(|a| a.header("idempotent-replayed") == Some("true")).count();
        assert_eq!(replays, 49, "exactly one response is not a replay");
        for answer in &answers {
            assert_eq!(answer.body, first.body);
            assert_eq!(answer.header("location"), first.header("location"));
        }
    }
    assert_eq!(available(&ada, &mug).await, 98);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_orders_never_exceed_five_unpaid_orders_per_customer() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 100)).await;

    app.race(20);
    let answers = join_all((0..20).map(|_| ada.post("/orders", one_of(&mug)))).await;

    assert_eq!(tally(&answers), BTreeMap::from([(201, 5), (409, 15)]));
    assert_eq!(available(&ada, &mug).await, 95);

    let order = answers.iter().find(|answer| answer.status == 201).expect("an order");
    let path = format!("/orders/{}", order.body["id"].as_str().expect("an id"));
    ada.delete(&path).await.expect(200);
    ada.post("/orders", one_of(&mug)).await.expect(201);
    ada.post("/orders", one_of(&mug)).await.expect_problem(409, "too_many_unpaid_orders");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_concurrent_cancellations_give_the_stock_back_once() {
    let app = App::start().await;
    let (ada, admin) = (app.customer("ada").await, app.admin().await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 10)).await;
    let order = ada.post("/orders", one_of(&mug)).await.expect(201);
    let path = format!("/orders/{}", order["id"].as_str().expect("an id"));

    let sides = (0..50).map(|side| if side % 2 == 0 { &ada } else { &admin });
    app.race(50);
    let answers = join_all(sides.map(|side| side.delete(&path))).await;

    assert_eq!(tally(&answers), BTreeMap::from([(200, 50)]));
    assert_eq!(available(&ada, &mug).await, 10);
}
