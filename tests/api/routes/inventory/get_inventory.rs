//! `GET /inventory/{sku}`

use serde_json::{Value, json};
use tests::app::App;
use tests::samples::{create_product, create_sku, id, order_of, path_of, usd};

use super::adjust;

#[tokio::test]
async fn the_stock_of_a_sku_has_its_numbers_its_threshold_and_a_version() {
    let app = App::start().await;
    let admin = app.admin().await;
    let tee = json!({
        "name": "Tee", "price": usd(2500), "low_stock_threshold": 3,
        "variants": [{"sku": "TEE-M", "options": {"Size": "M"}, "stock": 5}],
    });
    let tee = create_product(&admin, tee).await;

    let answer = admin.get("/inventory/TEE-M").await;

    answer.expect_private();
    let stock = answer.expect(200);
    let expected = json!({
        "sku": "TEE-M", "product_id": tee["id"], "name": "Tee", "options": {"Size": "M"},
        "status": "on_sale", "available": 5, "low_stock_threshold": 3, "own_low_stock_threshold": null, "low_stock": false, "version": 1,
        "updated_at": tee["created_at"],
    });
    assert_eq!(stock, expected);
}

#[tokio::test]
async fn a_sale_and_its_return_each_make_a_new_version() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 5).await;
    let version = async || {
        let answer = admin.get("/inventory/MUG").await;
        let version = answer.version().to_owned();
        assert_eq!(answer.expect(200)["version"].to_string(), version);
        version
    };
    assert_eq!(version().await, "1");
    let order = ada.post("/orders", order_of(&mug, 2)).await.expect(201);
    assert_eq!(version().await, "2");
    ada.delete(&format!("/orders/{}", id(&order))).await.expect(200);
    assert_eq!(version().await, "3");
    let mut body = json!({"name": "Cup", "price": usd(1900), "variants": [{"sku": "MUG"}]});
    body["low_stock_threshold"] = 2.into();
    admin.put(&path_of(&mug), body).await.expect(200);
    let stock = admin.get("/inventory/MUG").await.expect(200);
    assert_eq!((&stock["version"], &stock["name"]), (&json!(3), &json!("Cup")));
    assert_eq!(stock["low_stock_threshold"], 2);
}

#[tokio::test]
async fn stock_that_is_not_tracked_has_no_number() {
    let app = App::start().await;
    let admin = app.admin().await;
    let gift = json!({
        "name": "Gift Card", "price": usd(2500), "low_stock_threshold": 3,
        "variants": [{"sku": "GIFT", "track_stock": false}],
    });
    create_product(&admin, gift).await;
    let stock = admin.get("/inventory/GIFT").await.expect(200);
    assert_eq!((&stock["available"], &stock["low_stock"]), (&Value::Null, &json!(false)));
}

#[tokio::test]
async fn an_unknown_sku_and_that_of_a_deleted_product_are_404() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_sku(&admin, "MUG", 1800, 5).await;
    for target in ["/inventory/CUP", "/inventory/mug", "/inventory/a%20b"] {
        admin.get(target).await.expect_problem(404, "not_found");
    }
    admin.delete(&path_of(&mug)).await.expect(204);
    for target in ["/inventory/MUG", "/inventory/MUG/movements"] {
        admin.get(target).await.expect_problem(404, "not_found");
    }
    let set = admin.call("PUT", "/inventory/MUG").header("if-match", "*");
    set.json(&json!({"available": 3})).send().await.expect_problem(404, "not_found");
    adjust(&admin, "MUG", 1).await.expect_problem(404, "not_found");
}
