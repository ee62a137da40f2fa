//! A write whose response is lost: DynamoDB is asked whether it was carried out.

use std::time::Duration;

use serde_json::json;
use shared::config::Config;
use tests::app::App;
use tests::gate::{Faults, Loss};
use tests::samples::{available, create_product, order_of, product};

/// More tries than fit into a request's deadline.
const ALL: usize = 1000;

#[tokio::test]
async fn an_order_whose_first_responses_are_lost_is_still_a_201() {
    for loss in [Loss::OfResponse, Loss::OfRequest] {
        let app = App::start().await;
        let ada = app.customer("ada").await;
        let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;

        app.lose(loss, 3);
        let order = ada.post("/orders", order_of(&mug, 2)).await.expect(201);

        let orders = ada.get("/orders").await.expect(200);
        assert_eq!(orders["data"].as_array().map(Vec::len), Some(1), "{loss:?}");
        assert_eq!(orders["data"][0]["id"], order["id"]);
        assert_eq!(available(&ada, &mug).await, 7, "{loss:?}: stock is taken once");
    }
}

#[tokio::test]
async fn an_outcome_that_stays_unknown_is_a_503_and_the_same_key_finds_the_order() {
    for (loss, status, replayed) in
        [(Loss::OfResponse, 201, Some("true")), (Loss::OfRequest, 201, None)]
    {
        let timeouts = Duration::from_secs(2);
        let app =
            App::builder().configure(|config| config.timeouts.request = timeouts).start().await;
        let ada = app.customer("ada").await;
        let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
        let place = || {
            ada.call("POST", "/orders").header("idempotency-key", "once").json(&order_of(&mug, 2))
        };
        app.lose(loss, ALL);

        let unknown = place().send().await;

        assert_eq!(unknown.header("retry-after"), Some("2"), "{loss:?}");
        unknown.expect_problem(503, "outcome_unknown");
        app.lose(loss, 0);
        let again = place().send().await;
        assert_eq!(again.header("idempotent-replayed"), replayed, "{loss:?}");
        again.expect(status);
        assert_eq!(available(&ada, &mug).await, 7, "{loss:?}: stock is taken once");
    }
}

#[tokio::test]
async fn every_transaction_whose_response_is_lost_is_asked_for_its_outcome() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    app.lose(Loss::OfResponse, 2);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 9)).await;
    let path = format!("/products/{}", mug["id"].as_str().expect("an id"));
    let order = ada.post("/orders", order_of(&mug, 2)).await.expect(201);
    let order = format!("/orders/{}", order["id"].as_str().expect("an id"));

    app.lose(Loss::OfResponse, 2);
    let cancelled = ada.delete(&order).await.expect(200);
    assert_eq!((&cancelled["status"], &cancelled["version"]), (&json!("cancelled"), &json!(2)));
    assert_eq!(available(&ada, &mug).await, 9, "stock is given back once");

    app.lose(Loss::OfResponse, 2);
    let renamed = json!({"name": "Mug", "price": mug["price"]});
    assert_eq!(admin.put(&path, renamed).await.expect(200)["version"], 2);

    app.lose(Loss::OfResponse, 2);
    admin.delete(&path).await.expect(204);
}

#[tokio::test]
async fn an_item_is_added_once_when_the_response_to_the_write_is_lost() {
    for loss in [Loss::OfResponse, Loss::OfRequest] {
        let app = App::start().await;
        let ada = app.customer("ada").await;
        let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
        let line = json!({"product_id": mug["id"], "quantity": 2});

        for (times, version) in [(1, 1), (2, 2)] {
            app.lose_updates(loss, 1);
            let cart = ada.post("/cart/items", line.clone()).await.expect(200);
            assert_eq!(cart["items"][0]["quantity"], 2 * times, "{loss:?}");
            assert_eq!(cart["version"], version, "{loss:?}");
        }
    }
}

#[tokio::test]
async fn an_order_whose_every_try_is_throttled_is_not_an_unknown_outcome() {
    let faults = Faults { throttled_prefix: Some("ORDER#"), ..Faults::default() };
    let app = App::builder().as_deployed().faults(faults).start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;

    // A rejected transaction has written nothing.
    ada.post("/orders", order_of(&mug, 2)).await.expect_problem(503, "service_unavailable");
}

#[tokio::test]
async fn an_order_that_only_met_contention_is_not_an_unknown_outcome() {
    // Contention is retried until the deadline, which is far away in other tests.
    let deadline = |config: &mut Config| config.timeouts.request = Duration::from_secs(3);
    let app = App::builder().configure(deadline).start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
    app.lose(Loss::ByConflict, ALL);

    ada.post("/orders", order_of(&mug, 2)).await.expect_problem(503, "service_unavailable");

    app.lose(Loss::ByConflict, 0);
    assert_eq!(available(&ada, &mug).await, 9);
}
