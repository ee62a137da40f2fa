//! `DELETE /orders/{order_id}`

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::store::keys;
use tests::app::App;
use tests::samples::{available, create_product, create_sku, id, order_of, product, usd};

use super::{IMPOSSIBLE, UNKNOWN_ORDER, path};

/// Sets an order's status to one that no route can set yet.
async fn set_status(app: &App, order: &Value, status: &str) {
    let key = keys::order(id(order).parse().expect("an order"));
    let update = app.client.update_item().table_name(&app.table);
    update
        .key("pk", AttributeValue::S(key.pk))
        .key("sk", AttributeValue::S(key.sk))
        .update_expression("SET summary.#status = :status")
        .expression_attribute_names("#status", "status")
        .expression_attribute_values(":status", AttributeValue::S(status.to_owned()))
        .send()
        .await
        .expect("the status is written");
}

#[tokio::test]
async fn cancelling_an_unpaid_order_gives_its_stock_back() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 5).await;
    let bowl = create_sku(&admin, "BOWL", 2400, 7).await;
    let items = json!([{"sku": "MUG", "quantity": 2}, {"sku": "BOWL", "quantity": 3}]);
    let order = ada.post("/orders", json!({"items": items})).await.expect(201);
    app.advance(Duration::from_secs(60));

    let answer = ada.delete(&path(&order)).await;

    answer.expect_private();
    assert_eq!(answer.version(), "2");
    let mut expected = order.clone();
    expected["status"] = json!("cancelled");
    expected["payment_status"] = json!("voided");
    expected["items"][0]["restocked_quantity"] = json!(2);
    expected["items"][1]["restocked_quantity"] = json!(3);
    expected["payment"]["status"] = json!("canceled");
    expected["history"] = json!([
        {"status": "pending_payment", "at": "2026-01-01T00:00:00.000Z", "note": null},
        {"status": "cancelled", "at": "2026-01-01T00:01:00.000Z", "note": null},
    ]);
    expected["allowed_transitions"] = json!([]);
    expected["expires_at"] = json!(null);
    expected["version"] = json!(2);
    expected["updated_at"] = json!("2026-01-01T00:01:00.000Z");
    assert_eq!(answer.expect(200), expected);
    assert_eq!(ada.get(&path(&order)).await.expect(200), expected, "and it is stored");
    assert_eq!((available(&ada, &mug).await, available(&ada, &bowl).await), (5, 7));
}

#[tokio::test]
async fn cancelling_again_returns_the_same_and_writes_nothing() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let order = ada.post("/orders", order_of(&mug, 2)).await.expect(201);
    let cancelled = ada.delete(&path(&order)).await.expect(200);
    let before = app.contents().await;
    app.advance(Duration::from_secs(60));

    assert_eq!(ada.delete(&path(&order)).await.expect(200), cancelled);
    assert_eq!(admin.delete(&path(&order)).await.expect(200), cancelled);

    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn an_admin_can_cancel_for_a_customer() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let order = ada.post("/orders", order_of(&mug, 2)).await.expect(201);

    let cancelled = admin.delete(&path(&order)).await.expect(200);

    assert_eq!(cancelled["user_id"], json!(ada.user_id));
    assert_eq!(ada.get(&path(&order)).await.expect(200), cancelled);
    assert_eq!(available(&ada, &mug).await, 5);
}

#[tokio::test]
async fn a_missing_malformed_or_foreign_order_is_not_found() {
    let app = App::start().await;
    let (admin, ada, grace) =
        (app.admin().await, app.customer("ada").await, app.customer("grace").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let adas = path(&ada.post("/orders", order_of(&mug, 2)).await.expect(201));
    let before = app.contents().await;

    grace.delete(&adas).await.expect_problem(404, "not_found");
    for caller in [&ada, &admin] {
        for path in IMPOSSIBLE.iter().chain([&UNKNOWN_ORDER]) {
            let answer = caller.delete(path).await;
            assert_eq!(answer.status, 404, "{path}");
            answer.expect_problem(404, "not_found");
        }
    }
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn a_cancellation_that_is_too_late_says_the_orders_status() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let order = ada.post("/orders", order_of(&mug, 2)).await.expect(201);
    for (who, status, allowed) in [
        (&ada, "processing", json!([])),
        (&ada, "shipped", json!([])),
        (&ada, "delivered", json!([])),
        (&ada, "return_requested", json!([])),
        (&ada, "returned", json!([])),
        (&ada, "expired", json!([])),
        (&admin, "shipped", json!(["delivered"])),
        (&admin, "delivered", json!([])),
        (&admin, "return_requested", json!([])),
    ] {
        set_status(&app, &order, status).await;
        let before = app.contents().await;

        let answer = who.delete(&path(&order)).await;

        assert_eq!(answer.status, 409, "{status}: {answer:?}");
        let problem = answer.expect_problem(409, "illegal_transition");
        assert_eq!((&problem["from"], &problem["to"]), (&json!(status), &json!("cancelled")));
        assert_eq!(problem["allowed"], allowed, "{status}");
        assert_eq!(app.contents().await, before, "{status}");
    }
    assert_eq!(available(&ada, &mug).await, 3);
}

#[tokio::test]
async fn an_admin_can_cancel_an_order_that_is_not_shipped() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let order = ada.post("/orders", order_of(&mug, 2)).await.expect(201);
    set_status(&app, &order, "processing").await;

    let cancelled = admin.delete(&path(&order)).await.expect(200);

    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(available(&ada, &mug).await, 5);
}

#[tokio::test]
async fn if_match_limits_the_cancellation_to_one_version_of_the_order() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    for (if_match, status, what) in [
        ("\"1-0123456789ab\"", 200, "this version, another content hash"),
        ("*", 200, "any version"),
        ("\"0-0123456789ab\"", 412, "an older version"),
        ("\"2-0123456789ab\"", 412, "a version that never existed"),
        ("1", 400, "no quotes"),
        ("\"nonsense\"", 412, "not a tag of ours"),
    ] {
        let order = ada.post("/orders", order_of(&mug, 1)).await.expect(201);
        let before = app.contents().await;

        let call = ada.call("DELETE", &path(&order)).header("if-match", if_match);
        let answer = call.send().await;

        assert_eq!(answer.status, status, "{what}: {answer:?}");
        match status {
            412 => drop(answer.expect_problem(412, "version_mismatch")),
            400 => drop(answer.expect_problem(400, "invalid_if_match")),
            _ => {}
        }
        assert_eq!(app.contents().await == before, status != 200, "{what}");
        ada.delete(&path(&order)).await.expect(200);
    }
}

#[tokio::test]
async fn a_repeated_cancellation_succeeds_with_the_old_version() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    let placed = ada.post("/orders", order_of(&mug, 1)).await;
    let tag = placed.header("etag").expect("a tag").to_owned();
    let cancel = || ada.call("DELETE", &path(&placed.body)).header("if-match", &tag).send();

    let first = cancel().await.expect(200);

    assert_eq!(cancel().await.expect(200), first);
}

#[tokio::test]
async fn stock_goes_back_to_variants_that_are_no_longer_on_sale() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let shirt = create_product(
        &admin,
        json!({
            "name": "Linen Shirt",
            "price": usd(2900),
            "variants": [
                {"sku": "SHIRT-M", "options": {"size": "M"}, "stock": 5},
                {"sku": "SHIRT-L", "options": {"size": "L"}, "stock": 5},
            ],
        }),
    )
    .await;
    let items = json!([{"sku": "SHIRT-M", "quantity": 2}]);
    let order = ada.post("/orders", json!({"items": items})).await.expect(201);
    let describe = |sku: &str, size: &str| {
        let variants = json!([{"sku": sku, "options": {"size": size}}]);
        let body = json!({"name": "Linen Shirt", "price": usd(2900), "variants": variants});
        let path = format!("/products/{}", id(&shirt));
        let admin = admin.clone();
        async move { admin.put(&path, body).await.expect(200) }
    };
    describe("SHIRT-L", "L").await;

    ada.delete(&path(&order)).await.expect(200);

    let back = describe("SHIRT-M", "M").await;
    assert_eq!(back["variants"][0]["available"], 5, "on sale again with all five units");
}

#[tokio::test]
async fn giving_stock_back_does_not_create_a_missing_variant() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 5).await;
    let order = json!({"items": [{"sku": "MUG", "quantity": 2}]});
    let order = ada.post("/orders", order).await.expect(201);
    let sku = "MUG".parse().expect("a SKU");
    let key = keys::variant(id(&mug).parse().expect("a product"), &sku);
    let delete = app.client.delete_item().table_name(&app.table);
    let delete = delete.key("pk", AttributeValue::S(key.pk)).key("sk", AttributeValue::S(key.sk));
    delete.send().await.expect("deleted");
    let before = app.contents().await;

    ada.delete(&path(&order)).await.expect_problem(500, "internal");

    assert!(app.contents().await == before, "something was written");
}
