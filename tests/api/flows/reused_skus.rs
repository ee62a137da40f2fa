//! Cart lines of deleted products whose SKU another product has now: a line is identified by
//! product and SKU.

use serde_json::{Value, json};
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{create_sku, id, usd};

/// Returns Ada with 3 units of a deleted product in her cart, that product, and the product with a
/// stock of 5 that has the same SKU now.
async fn deleted_products_line<'a>(app: &'a App) -> (Persona<'a>, Value, Value) {
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let former = create_sku(&admin, "X", 1000, 9).await;
    ada.post("/cart/items", json!({"sku": "X", "quantity": 3})).await.expect(200);
    admin.delete(&format!("/products/{}", id(&former))).await.expect(204);
    let new = create_sku(&admin, "X", 7000, 5).await;
    (ada, former, new)
}

fn lines(cart: &Value) -> Vec<(Value, Value, Value)> {
    let items = cart["items"].as_array().expect("lines");
    let line = |line: &Value| {
        (line["product_id"].clone(), line["quantity"].clone(), line["problem"].clone())
    };
    items.iter().map(line).collect()
}

#[tokio::test]
async fn adding_a_reused_sku_adds_a_line_of_the_new_product() {
    let app = App::start().await;
    let (ada, former, new) = deleted_products_line(&app).await;

    let cart = ada.post("/cart/items", json!({"sku": "X", "quantity": 1})).await.expect(200);

    let dead = (former["id"].clone(), json!(3), json!("unavailable"));
    assert_eq!(lines(&cart), [dead, (new["id"].clone(), json!(1), json!(null))]);
    assert_eq!(cart["subtotal"], usd(7000));
    let five = ada.post("/cart/items", json!({"sku": "X", "quantity": 4})).await.expect(200);
    assert_eq!(lines(&five)[1].1, 5, "the deleted product's units are not ordered");
    let problem = ada.post("/cart/items", json!({"sku": "X", "quantity": 1})).await;
    assert_eq!(problem.expect_problem(409, "out_of_stock")["requested"], 6);
}

#[tokio::test]
async fn setting_a_quantity_changes_the_line_on_sale_or_else_the_deleted_products_line() {
    let app = App::start().await;
    let (ada, former, new) = deleted_products_line(&app).await;

    let problem = ada.put("/cart/items/X", json!({"quantity": 2})).await;
    problem.expect_problem(409, "unavailable");
    ada.post("/cart/items", json!({"sku": "X", "quantity": 1})).await.expect(200);
    let cart = ada.put("/cart/items/X", json!({"quantity": 4})).await.expect(200);
    let dead = (former["id"].clone(), json!(3), json!("unavailable"));
    assert_eq!(lines(&cart), [dead.clone(), (new["id"].clone(), json!(4), json!(null))]);

    let cart = ada.put("/cart/items/X", json!({"quantity": 0})).await.expect(200);
    assert_eq!(lines(&cart), [dead]);
    let cart = ada.put("/cart/items/X", json!({"quantity": 0})).await.expect(200);
    assert_eq!(lines(&cart), []);
    ada.put("/cart/items/X", json!({"quantity": 0})).await.expect_problem(404, "not_found");
}

#[tokio::test]
async fn removing_a_sku_removes_every_line_with_that_sku() {
    let app = App::start().await;
    let (ada, ..) = deleted_products_line(&app).await;
    ada.post("/cart/items", json!({"sku": "X", "quantity": 1})).await.expect(200);

    let cart = ada.delete("/cart/items/X").await.expect(200);

    assert_eq!(cart["items"], json!([]));
}

#[tokio::test]
async fn a_deleted_products_line_prevents_the_order_and_takes_no_stock_of_the_new_product() {
    let app = App::start().await;
    let (ada, ..) = deleted_products_line(&app).await;
    ada.post("/cart/items", json!({"sku": "X", "quantity": 1})).await.expect(200);
    let before = app.contents().await;

    let problem = ada.post("/orders", json!({})).await.expect_problem(409, "unavailable");

    assert_eq!(problem["lines"], json!([{"sku": "X", "requested": 3, "available": 0}]));
    assert_eq!(app.contents().await, before);
}
