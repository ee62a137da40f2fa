//! A function that is killed at any of its writes, before it is sent or after it was carried out, and
//! a client that sends the request again.

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::order::PaymentMethod;
use tests::answer::Answer;
use tests::app::{App, AppBuilder};
use tests::crash::Moment;
use tests::persona::Persona;
use tests::samples::{available, create_sku, id, text_of};

const MOMENTS: [Moment; 2] = [Moment::BeforeSending, Moment::AfterCommit];

/// The units in stock at the beginning.
const STOCK: u64 = 50;

fn open_shop() -> AppBuilder {
    App::builder().limits("").configure(|config| {
        config.payment_methods.guests = vec![PaymentMethod::Manual];
    })
}

/// Returns the number of orders, and the units that they took and did not return.
async fn orders(app: &App) -> (usize, u64) {
    let (mut orders, mut units) = (0, 0);
    for item in app.items().await {
        if text_of(&item, "type") != "order" {
            continue;
        }
        orders += 1;
        for line in item["lines"].as_l().expect("lines") {
            let line = line.as_m().expect("a line");
            let number = |member: &str| {
                let number = line.get(member).map_or("0", |it| it.as_n().expect("a number"));
                number.parse::<u64>().expect("a number")
            };
            units += number("quantity") - number("restocked_quantity");
        }
    }
    (orders, units)
}

/// Checks that no unit is lost and none sold twice.
async fn check_stock(app: &App, mug: &Value, when: &str) {
    let (_, units) = orders(app).await;
    assert_eq!(available(&app.anonymous(), mug).await + units, STOCK, "{when}");
}

async fn place(who: &Persona<'_>) -> Answer {
    let body = match who.user_id {
        Some(_) => json!({}),
        None => json!({"email": "guest@example.com"}),
    };
    let call = who.call("POST", "/orders").header("idempotency-key", "key").json(&body);
    call.send().await
}

#[tokio::test]
async fn a_checkout_that_is_killed_at_any_write_and_sent_again_is_one_order() {
    for moment in MOMENTS {
        for is_guest in [false, true] {
            for writes in 0.. {
                let when = format!("{moment:?} of write {writes}, as a guest: {is_guest}");
                let app = open_shop().start().await;
                let mug = create_sku(&app.admin().await, "MUG", 1800, 50).await;
                let who = match is_guest {
                    true => app.anonymous().with_new_cart("MUG", 2).await,
                    false => {
                        let ada = app.customer("ada").await;
                        let line = json!({"sku": "MUG", "quantity": 2});
                        ada.post("/cart/items", line).await.expect(200);
                        ada
                    }
                };

                let killed = app.crash_at("place-order", writes, moment, place(&who)).await;

                check_stock(&app, &mug, &when).await;
                let token = |answer: &Answer| answer.header("order-token").map(str::to_owned);
                let first = place(&who).await;
                let again = place(&who).await;
                assert_eq!(token(&first).is_some(), is_guest, "{when}");
                assert_eq!(token(&first), token(&again), "{when}");
                assert_eq!(again.header("idempotent-replayed"), Some("true"), "{when}");
                assert_eq!(first.expect(201)["id"], again.expect(201)["id"], "{when}");
                check_stock(&app, &mug, &when).await;
                assert_eq!(orders(&app).await, (1, 2), "{when}");
                assert_eq!(app.outbox().await.len(), 1, "{when}: one mail");
                if killed.is_some() {
                    assert!(writes >= 2, "the counter and the transaction");
                    break;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_cancellation_that_is_killed_at_any_write_and_sent_again_gives_the_units_back_once() {
    for moment in MOMENTS {
        for writes in 0.. {
            let when = format!("{moment:?} of write {writes}");
            let app = open_shop().start().await;
            let mug = create_sku(&app.admin().await, "MUG", 1800, 50).await;
            let guest = app.anonymous().with_new_cart("MUG", 2).await;
            let placed = place(&guest).await;
            let token = placed.header("order-token").expect("a token").to_owned();
            let path = format!("/orders/{}", id(&placed.expect(201)));
            let cancel = || {
                let call = guest.call("DELETE", &path).header("order-token", &token);
                async move { call.send().await }
            };

            let killed = app.crash_at("cancel-order", writes, moment, cancel()).await;

            check_stock(&app, &mug, &when).await;
            for _ in 0..2 {
                assert_eq!(cancel().await.expect(200)["status"], "cancelled", "{when}");
                assert_eq!(available(&guest, &mug).await, STOCK, "{when}");
            }
            assert_eq!(app.outbox().await.len(), 2, "{when}: one mail for each event");
            if killed.is_some() {
                assert!(writes >= 1, "the transaction");
                break;
            }
        }
    }
}

#[tokio::test]
async fn an_admins_cancellation_that_is_killed_at_any_write_and_sent_again_gives_the_units_back_once()
 {
    for moment in MOMENTS {
        for writes in 0.. {
            let when = format!("{moment:?} of write {writes}");
            let app = open_shop().start().await;
            let admin = app.admin().await;
            let mug = create_sku(&admin, "MUG", 1800, 50).await;
            let guest = app.anonymous().with_new_cart("MUG", 2).await;
            let path = format!("/orders/{}", id(&place(&guest).await.expect(201)));
            let cancel = || admin.put(&path, json!({"status": "cancelled"}));

            let killed = app.crash_at("update-order", writes, moment, cancel()).await;

            check_stock(&app, &mug, &when).await;
            for _ in 0..2 {
                let cancelled = cancel().await.expect(200);
                assert_eq!(
                    (&cancelled["status"], &cancelled["version"]),
                    (&json!("cancelled"), &json!(2))
                );
                assert_eq!(available(&guest, &mug).await, STOCK, "{when}");
            }
            assert_eq!(app.outbox().await.len(), 2, "{when}: one mail for each event");
            if killed.is_some() {
                assert!(writes >= 1, "the transaction");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_move_that_is_killed_at_any_write_and_sent_again_is_made_once() {
    for moment in MOMENTS {
        for writes in 0.. {
            let when = format!("{moment:?} of write {writes}");
            let app = open_shop().start().await;
            let admin = app.admin().await;
            create_sku(&admin, "MUG", 1800, 50).await;
            let ada = app.customer("ada").await;
            let order = json!({"items": [{"sku": "MUG", "quantity": 1}]});
            let mut orders = Vec::new();
            for _ in 0..5 {
                orders.push(ada.post("/orders", order.clone()).await.expect(201));
            }
            let path = format!("/orders/{}", id(&orders[0]));
            let parcel = json!({"carrier": "DHL", "number": "0034", "url": null});
            let paid = json!({"status": "paid", "tracking": parcel, "note": "Thank you!"});
            let pay = || admin.put(&path, paid.clone());

            let killed = app.crash_at("update-order", writes, moment, pay()).await;

            for _ in 0..2 {
                let paid = pay().await.expect(200);
                assert_eq!((&paid["status"], &paid["version"]), (&json!("paid"), &json!(2)));
                assert_eq!(paid["history"].as_array().map(Vec::len), Some(2), "{when}");
            }
            assert_eq!(app.outbox().await.len(), 6, "{when}: one mail for each event");
            ada.post("/orders", order.clone()).await.expect(201);
            let sixth = ada.post("/orders", order).await;
            sixth.expect_problem(409, "too_many_unpaid_orders");
            if killed.is_some() {
                assert!(writes >= 1, "the transaction");
                break;
            }
        }
    }
}

#[tokio::test]
async fn an_expiry_that_is_killed_at_any_write_and_runs_again_gives_the_units_back_once() {
    for moment in MOMENTS {
        for writes in 0.. {
            let when = format!("{moment:?} of write {writes}");
            let app = open_shop().start().await;
            let mug = create_sku(&app.admin().await, "MUG", 1800, 50).await;
            for _ in 0..3 {
                place(&app.anonymous().with_new_cart("MUG", 2).await).await.expect(201);
            }
            app.advance(Duration::from_secs(24 * 3600));
            let run = || app.run_job("expire-orders", json!({"source": "aws.events"}));

            let killed = app.crash_at("expire-orders", writes, moment, run()).await;

            check_stock(&app, &mug, &when).await;
            run().await.expect("a run");
            assert_eq!(run().await.expect("a run")["expired"], 0, "{when}");
            assert_eq!(available(&app.anonymous(), &mug).await, STOCK, "{when}");
            assert_eq!(app.outbox().await.len(), 6, "{when}: one mail for each event");
            if killed.is_some() {
                assert!(writes >= 3, "a transaction each");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_merge_that_is_killed_at_any_write_and_tried_again_moves_the_units_once() {
    for moment in MOMENTS {
        for writes in 0.. {
            let when = format!("{moment:?} of write {writes}");
            let app = App::start().await;
            create_sku(&app.admin().await, "MUG", 1800, 50).await;
            let (ada, guest) =
                (app.customer("ada").await, app.anonymous().with_new_cart("MUG", 2).await);
            let one = json!({"sku": "MUG", "quantity": 1});
            ada.post("/cart/items", one.clone()).await.expect(200);
            let both = ada.with_cart(guest.cart_token.as_deref().expect("a token"));

            let killed =
                app.crash_at("add-cart-item", writes, moment, both.post("/cart/items", one)).await;

            let cart = both.get("/cart").await.expect(200);
            let expected = match (writes, moment) {
                // The write of the merge, and that of the edit.
                (0, _) | (1, Moment::BeforeSending) => 3,
                _ => 4,
            };
            assert_eq!(cart["item_count"], expected, "{when}");
            if killed.is_some() {
                assert_eq!(writes, 2, "{when}");
                break;
            }
        }
    }
}
