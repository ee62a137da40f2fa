//! A first sale: a visitor registers, logs in and orders.

use serde_json::{Value, json};
use tests::app::App;
use tests::samples::{available, create_product, product, usd};

#[tokio::test]
async fn a_visitor_registers_logs_in_fills_a_cart_and_orders() {
    let app = App::start().await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    let visitor = app.anonymous();

    let account = json!({"email": "Ada@Example.com", "password": "correct horse", "name": "Ada"});
    visitor.sign_up(account).await;
    let login = json!({"email": "ada@example.com", "password": "correct horse"});
    let login = visitor.post("/auth/login", login).await.expect(200);
    let ada = visitor.with_token(login["access_token"].as_str().expect("a token"));

    let line = json!({"product_id": mug["id"], "quantity": 2});
    let cart = ada.post("/cart/items", line).await.expect(200);
    assert_eq!(cart["subtotal"], usd(3600));

    let order = ada.call("POST", "/orders").json(&json!({})).send().await.expect(201);
    assert_eq!(order["total"], usd(3600));
    assert_eq!(order["status"], "pending_payment");
    assert_eq!(order["user_id"], login["user"]["id"]);
    assert_eq!(available(&visitor, &mug).await, 3);
    assert_eq!(ada.get("/cart").await.expect(200)["items"], json!([]));
    let history = ada.get("/orders").await.expect(200);
    assert_eq!(history["data"][0]["id"], order["id"]);

    let path = format!("/orders/{}", order["id"].as_str().expect("an id"));
    let cancelled = ada.delete(&path).await.expect(200);
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(available(&visitor, &mug).await, 5);
    assert_eq!(ada.delete(&path).await.expect(200), cancelled, "cancelling again returns the same");
    assert_eq!(available(&visitor, &mug).await, 5, "stock came back once");
}

#[tokio::test]
async fn an_order_does_not_change_when_its_product_is_updated_or_deleted() {
    let app = App::start().await;
    let admin = app.admin().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let item = json!({"items": [{"product_id": mug["id"], "quantity": 1}]});
    let order = ada.post("/orders", item).await.expect(201);
    let path = format!("/products/{}", mug["id"].as_str().expect("an id"));

    admin.put(&path, json!({"name": "Mug, large", "price": usd(2500)})).await.expect(200);
    admin.delete(&path).await.expect(204);

    let order_path = format!("/orders/{}", order["id"].as_str().expect("an id"));
    let later: Value = ada.get(&order_path).await.expect(200);
    assert_eq!(later["items"], order["items"]);
    assert_eq!(ada.delete(&order_path).await.expect(200)["status"], "cancelled");
}
