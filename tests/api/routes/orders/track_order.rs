//! `GET /orders/{order_id}/tracking`

use serde_json::json;
use shared::domain::order::PaymentMethod;
use tests::app::App;
use tests::samples::{create_product, id, order_of, product};

use super::path;

#[tokio::test]
async fn an_order_is_tracked_by_its_owner_and_by_admins() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let order = ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    let tracking = format!("{}/tracking", path(&order));
    let before = ada.get(&tracking).await;
    before.expect_private();
    let expected = json!({
        "order_id": id(&order),
        "status": "pending_payment",
        "tracking": null,
        "history": [{"status": "pending_payment", "at": "2026-01-01T00:00:00.000Z", "note": null}],
    });
    assert_eq!(before.expect(200), expected);

    let parcel = json!({"carrier": "DHL", "number": "0034", "url": "https://dhl.example/0034"});
    let change = json!({"tracking": parcel, "note": "It leaves tomorrow."});
    admin.put(&path(&order), change).await.expect(200);

    let after = ada.get(&tracking).await.expect(200);
    assert_eq!(after["tracking"], parcel);
    assert_eq!(after["history"][1]["note"], "It leaves tomorrow.");
    assert_eq!(admin.get(&tracking).await.expect(200), after);
    app.customer("bob").await.get(&tracking).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn a_guest_tracks_an_order_by_its_token_which_changes_nothing_else() {
    let builder = App::builder().configure(|config| {
        config.payment_methods.guests = vec![PaymentMethod::Manual];
    });
    let app = builder.start().await;
    let (admin, guest) = (app.admin().await, app.anonymous());
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let mut body = order_of(&mug, 1);
    body["email"] = "guest@example.com".into();
    let placed = guest.post("/orders", body.clone()).await;
    let token = placed.header("order-token").expect("a token").to_owned();
    let other = guest.post("/orders", body).await.header("order-token").expect("one").to_owned();
    let order = placed.expect(201);
    let tracking = format!("{}/tracking", path(&order));

    let seen = guest.call("GET", &tracking).header("order-token", &token).send().await;
    assert_eq!(seen.expect(200)["order_id"], order["id"]);
    let seen = guest.call("GET", &tracking).header("order-token", &other).send().await;
    seen.expect_problem(404, "not_found");
    guest.get(&tracking).await.expect_problem(401, "unauthenticated");
    let change = json!({"status": "paid"});
    let call = guest.call("PUT", &path(&order)).header("order-token", &token);
    call.json(&change).send().await.expect_problem(401, "unauthenticated");
    let call = app.customer("bob").await.call("PUT", &path(&order)).header("order-token", &token);
    call.json(&change).send().await.expect_problem(403, "forbidden");
    assert_eq!(admin.get(&path(&order)).await.expect(200)["version"], 1);
}
