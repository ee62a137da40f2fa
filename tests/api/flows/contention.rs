//! Many requests that write one item at once, while each transaction holds its items for a while, as
//! DynamoDB's do and the embedded database's don't.

use std::ops::RangeInclusive;

use futures_util::future::join_all;
use serde_json::json;
use tests::app::App;
use tests::gate::Faults;
use tests::samples::{available, create_product, product};

/// How long a transaction holds its items: more than most of DynamoDB's take as a whole.
const HOLD: RangeInclusive<u64> = 20..=20;

async fn with_held_items() -> App {
    App::builder().faults(Faults { holds: Some(HOLD), ..Faults::default() }).start().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_customers_order_one_product_at_once() {
    let app = with_held_items().await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 60)).await;
    let mut customers = Vec::new();
    for number in 0..50 {
        customers.push(app.customer(&format!("customer-{number}")).await);
    }
    let order = json!({"items": [{"product_id": mug["id"], "quantity": 1}]});

    let orders = join_all(customers.iter().map(|it| it.post("/orders", order.clone()))).await;

    for answer in orders {
        answer.expect(201);
    }
    assert_eq!(available(&app.anonymous(), &mug).await, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_products_are_created_at_once_in_one_category() {
    let app = with_held_items().await;
    let admin = app.admin().await;
    admin.create_category("mugs").await;
    let mug = |number: u32| {
        let mut mug = product(&format!("Mug {number}"), 1800, 5);
        mug["category"] = "mugs".into();
        mug
    };

    let created = join_all((0..50).map(|number| admin.post("/products", mug(number)))).await;

    for answer in created {
        answer.expect(201);
    }
    let categories = app.anonymous().get("/categories").await.expect(200);
    assert_eq!(categories["data"][0]["product_count"], 50);
}
