//! `PUT /orders/{order_id}`

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::answer::{Answer, tally};
use tests::app::App;
use tests::gate::Loss;
use tests::persona::Persona;
use tests::samples::{available, create_product, order_of, product};

use super::path;

/// A shop with five mugs, its admin, and a customer who has ordered two of them.
async fn ordered(app: &App) -> (Persona<'_>, Persona<'_>, Value, Value) {
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let order = ada.post("/orders", order_of(&mug, 2)).await.expect(201);
    (admin, ada, mug, order)
}

async fn move_to(admin: &Persona<'_>, order: &Value, status: &str) -> Answer {
    admin.put(&path(order), json!({"status": status})).await
}

#[tokio::test]
async fn an_admin_moves_an_order_from_its_payment_to_its_delivery() {
    let app = App::start().await;
    let (admin, ada, mug, order) = ordered(&app).await;
    app.advance(Duration::from_secs(60));
    let paid = move_to(&admin, &order, "paid").await;
    paid.expect_private();
    assert_eq!(paid.version(), "2");
    let paid = paid.expect(200);
    assert_eq!(paid["payment_status"], "paid");
    assert_eq!(paid["payment"]["status"], "succeeded");
    assert_eq!(paid["expires_at"], json!(null));
    assert_eq!(paid["allowed_transitions"], json!(["processing", "cancelled"]));
    move_to(&admin, &order, "processing").await.expect(200);
    let parcel = json!({"carrier": "DHL", "number": "0034", "url": null});
    let shipped = json!({"status": "shipped", "tracking": parcel, "note": "Enjoy!"});
    let shipped = admin.put(&path(&order), shipped).await.expect(200);
    assert_eq!((&shipped["tracking"], &shipped["version"]), (&parcel, &json!(4)));
    let delivered = move_to(&admin, &order, "delivered").await.expect(200);

    let entry = |status: &str, at: &str, note: Value| json!({"status": status, "at": format!("2026-01-01T00:0{at}:00.000Z"), "note": note});
    let expected = json!([
        entry("pending_payment", "0", json!(null)),
        entry("paid", "1", json!(null)),
        entry("processing", "1", json!(null)),
        entry("shipped", "1", json!("Enjoy!")),
        entry("delivered", "1", json!(null)),
    ]);
    assert_eq!(delivered["history"], expected);
    assert_eq!(delivered["allowed_transitions"], json!([]));
    assert_eq!(ada.get(&path(&order)).await.expect(200), delivered, "the customer sees the same");
    assert_eq!(available(&ada, &mug).await, 3);
}

#[tokio::test]
async fn a_move_that_the_table_does_not_have_changes_nothing() {
    let app = App::start().await;
    let (admin, _, _, order) = ordered(&app).await;
    let before = app.contents().await;
    let change = json!({"status": "delivered", "note": "Here", "tracking": {
        "carrier": "DHL", "number": "0034",
    }});
    let refused = admin.put(&path(&order), change).await.expect_problem(409, "illegal_transition");
    assert_eq!(
        (&refused["from"], &refused["to"]),
        (&json!("pending_payment"), &json!("delivered"))
    );
    assert_eq!(refused["allowed"], json!(["paid", "processing", "cancelled"]));
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn naming_the_present_status_changes_the_rest_only() {
    let app = App::start().await;
    let (admin, _, _, order) = ordered(&app).await;
    let note = json!({"status": "pending_payment", "note": "We wait for your payment."});
    let noted = admin.put(&path(&order), note).await.expect(200);
    assert_eq!((&noted["status"], &noted["version"]), (&json!("pending_payment"), &json!(2)));
    assert_eq!(noted["history"][1]["note"], "We wait for your payment.");
    assert_eq!(noted["expires_at"], order["expires_at"]);
    let before = app.contents().await;
    let nothing = move_to(&admin, &order, "pending_payment").await.expect(200);
    assert_eq!(nothing, noted);
    assert_eq!(app.contents().await, before);
    let empty = json!({"status": null, "note": " "});
    admin.put(&path(&order), empty).await.expect_problem(422, "nothing_to_change");
}

#[tokio::test]
async fn the_same_change_again_is_not_made_twice() {
    let app = App::start().await;
    let (admin, _, _, order) = ordered(&app).await;
    let change = json!({"status": "paid", "note": "Thank you!"});
    let changed = admin.put(&path(&order), change.clone()).await.expect(200);
    assert_eq!(admin.put(&path(&order), change).await.expect(200), changed);
    let other = admin.put(&path(&order), json!({"note": "We pack it."})).await.expect(200);
    assert_eq!(other["history"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn of_more_than_a_hundred_entries_the_oldest_notes_go_and_no_change_of_state() {
    let app = App::start().await;
    let (admin, _, _, order) = ordered(&app).await;
    move_to(&admin, &order, "paid").await.expect(200);
    for number in 0..105 {
        let note = json!({"note": format!("note {number}")});
        admin.put(&path(&order), note).await.expect(200);
    }
    let moved = move_to(&admin, &order, "processing").await.expect(200);
    let history = moved["history"].as_array().expect("a history");
    assert_eq!((history.len(), &moved["version"]), (100, &json!(108)));
    let states = [&history[0], &history[1], &history[99]].map(|entry| entry["status"].clone());
    assert_eq!(states, ["pending_payment", "paid", "processing"]);
    assert_eq!([&history[2]["note"], &history[98]["note"]], ["note 8", "note 104"]);
    assert_eq!(admin.get(&path(&order)).await.expect(200), moved);
}

#[tokio::test]
async fn an_order_that_an_admin_cancels_returns_its_units_once() {
    let app = App::start().await;
    let (admin, ada, mug, order) = ordered(&app).await;
    let cancelled = move_to(&admin, &order, "cancelled").await.expect(200);
    assert_eq!(cancelled["items"][0]["restocked_quantity"], 2);
    assert_eq!(cancelled["payment_status"], "voided");
    assert_eq!(available(&ada, &mug).await, 5);
    assert_eq!(move_to(&admin, &order, "cancelled").await.expect(200), cancelled);
    ada.delete(&path(&order)).await.expect(200);
    assert_eq!(available(&ada, &mug).await, 5);
}

#[tokio::test]
async fn recorded_money_is_refunded_before_an_order_is_cancelled() {
    let app = App::start().await;
    let (admin, ada, _, order) = ordered(&app).await;
    move_to(&admin, &order, "paid").await.expect(200);
    move_to(&admin, &order, "cancelled").await.expect_problem(409, "refund_first");
    ada.delete(&path(&order)).await.expect_problem(409, "refund_first");
}

#[tokio::test]
async fn an_order_that_leaves_pending_payment_frees_one_of_the_five_places() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 50)).await;
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(ada.post("/orders", order_of(&mug, 1)).await.expect(201));
    }
    ada.post("/orders", order_of(&mug, 1)).await.expect_problem(409, "too_many_unpaid_orders");
    for (order, status) in orders.iter().zip(["paid", "processing", "cancelled"]) {
        move_to(&admin, order, status).await.expect(200);
        ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    }
    ada.post("/orders", order_of(&mug, 1)).await.expect_problem(409, "too_many_unpaid_orders");
}

#[tokio::test]
async fn an_order_that_does_not_exist_is_not_found() {
    let app = App::start().await;
    let note = json!({"note": "Where is it?"});
    let path = "/orders/ord_01890a5d-ac96-774b-bcce-b302099a8057";
    app.admin().await.put(path, note).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_change_may_name_the_version_that_it_changes() {
    let app = App::start().await;
    let (admin, _, _, order) = ordered(&app).await;
    let put = |tag: &'static str| {
        let call = admin.call("PUT", &path(&order)).header("if-match", tag);
        call.json(&json!({"status": "paid"})).send()
    };
    put("\"2\"").await.expect_problem(412, "version_mismatch");
    put("\"1\"").await.expect(200);
    put("\"1\"").await.expect_problem(412, "version_mismatch");
}

#[tokio::test]
async fn of_many_changes_at_once_each_note_is_kept_and_the_order_moves_once() {
    let app = App::start().await;
    let (admin, _, _, order) = ordered(&app).await;
    app.warm_up().await;
    let changes = (0..8).map(|number| json!({"note": number.to_string()}));
    let changes: Vec<_> = changes.chain((0..4).map(|_| json!({"status": "paid"}))).collect();
    let path_of_order = path(&order);
    let changes = changes.into_iter().map(|body| admin.put(&path_of_order, body));
    let answers = join_all(changes).await;
    assert_eq!(tally(&answers), [(200, 12)].into());
    let order = admin.get(&path(&order)).await.expect(200);
    assert_eq!(order["version"], 10);
    assert_eq!(order["history"].as_array().map(Vec::len), Some(10));
}

#[tokio::test]
async fn a_change_whose_response_was_lost_is_made_once() {
    let app = App::start().await;
    let (admin, ada, mug, order) = ordered(&app).await;
    app.warm_up().await;
    app.lose(Loss::OfResponse, 2);
    let cancelled = move_to(&admin, &order, "cancelled").await.expect(200);
    assert_eq!((&cancelled["version"], available(&ada, &mug).await), (&json!(2), 5));
}

#[tokio::test]
async fn the_customer_is_mailed_what_an_admin_does() {
    let app = App::start().await;
    let (admin, _, _, order) = ordered(&app).await;
    let parcel = json!({"carrier": "DHL", "number": "0034", "url": "https://dhl.example/0034"});
    for change in [
        json!({"status": "paid"}),
        json!({"status": "processing"}),
        json!({"status": "shipped", "tracking": parcel}),
        json!({"status": "delivered"}),
    ] {
        admin.put(&path(&order), change).await.expect(200);
    }
    let kinds: Vec<_> = app.outbox().await;
    assert_eq!(kinds.len(), 4, "placed, paid, shipped, delivered: {kinds:?}");
}
