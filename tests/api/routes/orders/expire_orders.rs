//! `expire-orders`

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::{join_all, join3};
use serde_json::{Value, json};
use shared::domain::ids::OrderId;
use shared::domain::order::PaymentMethod;
use shared::store::keys;
use shared::store::transaction::Transaction;
use tests::answer::persist;
use tests::app::{App, AppBuilder};
use tests::gate::{Count, Faults, Loss};
use tests::random::Random;
use tests::samples::{
    available, create_product, create_sku, expire_in_the_end, id, order_of, path_of, product,
};

use super::path;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn with_guests() -> AppBuilder {
    App::builder().configure(|config| {
        config.payment_methods.guests = vec![PaymentMethod::Manual];
    })
}

async fn expire(app: &App) -> Option<Value> {
    app.run_job("expire-orders", json!({"source": "aws.events"})).await
}

async fn place_as_guest(app: &App, product: &Value, quantity: u32) -> Value {
    let mut body = order_of(product, quantity);
    body["email"] = "guest@example.com".into();
    app.anonymous().post("/orders", body).await.expect(201)
}

#[tokio::test]
async fn an_order_that_is_not_paid_in_time_expires_and_gives_its_units_back() {
    let app = with_guests().start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 9)).await;
    let order = ada.post("/orders", order_of(&mug, 2)).await.expect(201);
    let paid = ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    admin.put(&path(&paid), json!({"status": "paid"})).await.expect(200);
    let of_guest = place_as_guest(&app, &mug, 3).await;
    let nothing = json!({"expired": 0, "settled": 0, "left": 0});
    let one = json!({"expired": 1, "settled": 0, "left": 0});

    app.advance(DAY - Duration::from_millis(1));
    assert_eq!(expire(&app).await, Some(nothing.clone()));
    app.advance(Duration::from_millis(1));
    assert_eq!(expire(&app).await, Some(one.clone()), "the guest's order waits for a day");
    assert_eq!(available(&app.anonymous(), &mug).await, 6);
    app.advance(DAY * 6);
    assert_eq!(expire(&app).await, Some(one));
    app.advance(DAY);
    assert_eq!(expire(&app).await, Some(nothing));

    assert_eq!(available(&app.anonymous(), &mug).await, 8);
    let (admin, ada) = (admin.with_new_session().await, ada.with_new_session().await);
    let expired = admin.get(&path(&order)).await.expect(200);
    assert_eq!(expired["status"], "expired");
    assert_eq!(expired["payment_status"], "voided");
    assert_eq!(expired["items"][0]["restocked_quantity"], 2);
    assert_eq!(expired["allowed_transitions"], json!([]));
    let last = json!({"status": "expired", "at": "2026-01-08T00:00:00.000Z", "note": null});
    assert_eq!((&expired["history"][1], &expired["version"]), (&last, &json!(2)));
    assert_eq!(admin.get(&path(&of_guest)).await.expect(200)["status"], "expired");
    assert_eq!(admin.get(&path(&paid)).await.expect(200)["status"], "paid");
    ada.delete(&path(&order)).await.expect_problem(409, "illegal_transition");
    let index = app.items().await.into_iter().filter(|item| item.contains_key("expiry_shard"));
    assert_eq!(index.count(), 0, "no order is left in the index of those that expire");
}

#[tokio::test]
async fn an_expired_order_frees_one_of_the_five_places() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 9)).await;
    for _ in 0..5 {
        ada.post("/orders", order_of(&mug, 1)).await.expect(201);
        app.advance(Duration::from_secs(60));
    }
    ada.post("/orders", order_of(&mug, 1)).await.expect_problem(409, "too_many_unpaid_orders");
    app.advance(DAY * 7 - Duration::from_secs(5 * 60));
    assert_eq!(expire(&app).await.expect("a run")["expired"], 1);
    let ada = ada.with_new_session().await;
    ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    ada.post("/orders", order_of(&mug, 1)).await.expect_problem(409, "too_many_unpaid_orders");
}

#[tokio::test]
async fn an_overdue_order_can_be_paid_until_it_is_expired() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 9)).await;
    let order = ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    app.advance(DAY * 8);
    let admin = admin.with_new_session().await;
    admin.put(&path(&order), json!({"status": "paid"})).await.expect(200);
    assert_eq!(expire(&app).await.expect("a run")["expired"], 0);
    assert_eq!(available(&app.anonymous(), &mug).await, 8);
}

#[tokio::test]
async fn an_order_that_can_not_be_read_fails_the_run_but_not_the_other_orders() {
    let app = with_guests().start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 40)).await;
    let mut orders = Vec::new();
    for _ in 0..20 {
        orders.push(place_as_guest(&app, &mug, 1).await);
    }
    let broken = keys::order(id(&orders[7]).parse().expect("an id"));
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key(keys::PK, AttributeValue::S(broken.pk));
    let update = update.key(keys::SK, AttributeValue::S(broken.sk));
    let update = update.update_expression("SET history = :text");
    let update = update.expression_attribute_values(":text", AttributeValue::S("?".to_owned()));
    update.send().await.expect("an update");
    app.advance(DAY);

    assert_eq!(expire(&app).await, None);

    assert_eq!(available(&app.anonymous(), &mug).await, 39);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_that_overlap_expire_each_order_once() {
    let app = with_guests().start().await;
    let admin = app.admin().await;
    let mut products = Vec::new();
    for number in 0..4 {
        products.push(create_sku(&admin, &format!("SKU-{number}"), 1800, 20).await);
    }
    for number in 0..40 {
        place_as_guest(&app, &products[number % 4], 1).await;
    }
    app.advance(DAY);

    let runs = join_all((0..3).map(|_| expire(&app))).await;

    let expired: u64 = runs.iter().flatten().filter_map(|run| run["expired"].as_u64()).sum();
    assert_eq!(expired, 40, "{runs:?}");
    for product in &products {
        assert_eq!(available(&app.anonymous(), product).await, 20);
    }
    let mails = app.outbox().await.len();
    assert_eq!(mails, 80, "one when it was placed, and one when it expired");
}

#[tokio::test]
async fn an_order_whose_expiry_lost_its_response_expires_once() {
    for loss in [Loss::OfResponse, Loss::OfRequest] {
        let app = with_guests().start().await;
        let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
        place_as_guest(&app, &mug, 2).await;
        app.advance(DAY);
        app.lose(loss, 2);
        expire_in_the_end(&app).await;
        assert_eq!(available(&app.anonymous(), &mug).await, 9, "{loss:?}");
        assert_eq!(app.outbox().await.len(), 2, "{loss:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_cancelled_from_two_sides_while_it_expires_gives_its_units_back_once() {
    let random = Random::seeded();
    for round in 0..20 {
        let faults = Faults::mixed(Random::seeded_by(random.below(u64::MAX)));
        let app = with_guests().faults(faults).start().await;
        let admin = app.admin().await;
        let mug = persist(|| admin.post("/products", product("Stoneware Mug", 1800, 9))).await;
        let mug = match mug.status {
            201 => mug.expect(201),
            // The response to an earlier try was lost.
            _ => admin.get("/products/stoneware-mug").await.expect(200),
        };
        let ada = app.customer("ada").await;
        let order = persist(|| {
            let call = ada.call("POST", "/orders").header("idempotency-key", "key");
            let call = call.json(&order_of(&mug, 4));
            async move { call.send().await }
        })
        .await
        .expect(201);
        app.advance(DAY * 7);
        let (admin, ada) = (admin.with_new_session().await, ada.with_new_session().await);
        let path = path(&order);

        let (own, by_admin, ()) = join3(
            persist(|| ada.delete(&path)),
            persist(|| admin.put(&path, json!({"status": "cancelled"}))),
            expire_in_the_end(&app),
        )
        .await;

        let order = persist(|| admin.get(&path)).await.expect(200);
        let is_expired = order["status"] == "expired";
        for answer in [own, by_admin] {
            match answer.status {
                200 => assert_eq!(answer.body["status"], "cancelled", "round {round}"),
                _ => drop(answer.expect_problem(409, "illegal_transition")),
            }
        }
        assert!(is_expired || order["status"] == "cancelled", "round {round}: {order}");
        assert_eq!(order["items"][0]["restocked_quantity"], 4, "round {round}");
        let path = path_of(&mug);
        let product = persist(|| admin.get(&path)).await.expect(200);
        assert_eq!(product["variants"][0]["available"], 9, "round {round}");
        assert_eq!(app.outbox().await.len(), 2, "round {round}: placed, and its end");
    }
}

/// Prints what a run costs and takes that expires 10,000 orders of 100 SKUs.
///
/// `cargo test -p tests --test api -- --ignored ten_thousand --nocapture`
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; it prints figures"]
async fn ten_thousand_orders_of_a_hundred_skus_expire_within_two_minutes() {
    const ORDERS: usize = 10_000;
    const SKUS: usize = 100;
    let app = with_guests().start().await;
    let admin = app.admin().await;
    let mut samples = Vec::new();
    let ctx = app.context("place-order");
    for number in 0..SKUS {
        let product = create_sku(&admin, &format!("SKU-{number}"), 1800, 1000).await;
        let order = place_as_guest(&app, &product, 1).await;
        let order = id(&order).parse().expect("an id");
        samples.push(ctx.store.orders().find(order).await.expect("an answer").expect("an order"));
    }
    for batch in 0..(ORDERS - SKUS) / 100 {
        let mut transaction: Transaction<()> = Transaction::with_new_token(ctx.now());
        for sample in &samples {
            let mut order = sample.clone();
            order.id = OrderId::new(ctx.now());
            let write = ctx.store.orders().create(&order).expect("an item");
            transaction = transaction.with(write);
        }
        assert!(
            ctx.store.transact(transaction).await.expect("an answer").is_committed(),
            "{batch}"
        );
    }
    app.advance(DAY);
    app.take_count("expire-orders");
    let start = Instant::now();

    let run = expire(&app).await.expect("a run");

    let (took, count) = (start.elapsed(), app.take_count("expire-orders"));
    let Count { requests, half_reads, writes, index_writes, .. } = count;
    println!("{run} in {took:?}: {requests} requests, {} read units", half_reads / 2);
    println!("{writes} write units, {index_writes} of indexes");
    assert_eq!(run["expired"], ORDERS);
    assert!(took < Duration::from_secs(120), "{took:?}");
}
