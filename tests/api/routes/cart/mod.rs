//! Tests of `functions/cart`.

mod add_cart_item;
mod clear_cart;
mod get_cart;
mod remove_cart_item;
mod update_cart_item;

use serde_json::{Value, json};
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{create_product, id, usd};

/// Creates a shirt in two sizes with 10 units of each: SKUs `SHIRT-M` and `SHIRT-L`.
async fn create_shirt(admin: &Persona<'_>) -> Value {
    create_product(admin, shirt(2900)).await
}

fn shirt(cents: i64) -> Value {
    json!({
        "name": "Linen Shirt",
        "price": usd(cents),
        "images": ["https://img.example.com/shirt.jpg"],
        "variants": [
            {"sku": "SHIRT-M", "options": {"size": "M"}, "stock": 10},
            {"sku": "SHIRT-L", "options": {"size": "L"}, "stock": 10},
        ],
    })
}

/// The ways in which `SHIRT-M` can be taken off sale.
const WAYS_OFF_SALE: [&str; 4] = ["draft", "archived", "withdrawn", "deleted"];

/// Takes `SHIRT-M` off sale in one of these ways.
async fn take_off_sale(admin: &Persona<'_>, shirt: &Value, way: &str) {
    let path = format!("/products/{}", id(shirt));
    let large_only = json!([{"sku": "SHIRT-L", "options": {"size": "L"}}]);
    match way {
        "deleted" => {
            admin.delete(&path).await.expect(204);
        }
        "withdrawn" => {
            let body = json!({"name": "Shirt", "price": usd(2900), "variants": large_only});
            admin.put(&path, body).await.expect(200);
        }
        status => {
            let body = json!({"name": "Shirt", "price": usd(2900), "status": status});
            admin.put(&path, body).await.expect(200);
        }
    }
}

/// Changes the shirt's price; sizes and stock stay.
async fn set_price(admin: &Persona<'_>, shirt: &Value, cents: i64) {
    let body = json!({"name": "Linen Shirt", "price": usd(cents)});
    admin.put(&format!("/products/{}", id(shirt)), body).await.expect(200);
}

/// Adds `quantity` units of a SKU to the cart.
async fn add(caller: &Persona<'_>, sku: &str, quantity: u32) -> Value {
    caller.post("/cart/items", json!({"sku": sku, "quantity": quantity})).await.expect(200)
}

/// Sends a change of a cart that is at version 1, with every kind of `If-Match`. Each time the cart
/// has 2 units of `SHIRT-M`.
async fn check_if_match(method: &str, path: &str, body: Option<Value>) {
    let app = App::start().await;
    create_shirt(&app.admin().await).await;
    for (if_match, status, what) in [
        ("\"1-0123456789ab\"", 200, "this version, another content hash"),
        ("*", 200, "any version"),
        ("\"0-0123456789ab\"", 412, "an older version"),
        ("\"2-0123456789ab\"", 412, "a version that never existed"),
        ("1", 400, "no quotes"),
        ("\"nonsense\"", 412, "not a tag of ours"),
        ("", 400, "nothing"),
        ("\"0-a\", \"1-b\"", 200, "this version among others"),
        ("\"0-a\", \"2-b\"", 412, "other versions"),
        ("\"0-a\" \"1-b\"", 400, "no list"),
    ] {
        let ada = app.customer("ada").await;
        let before = add(&ada, "SHIRT-M", 2).await;

        let call = ada.call(method, path).header("if-match", if_match);
        let call = match &body {
            Some(body) => call.json(body),
            None => call,
        };
        let answer = call.send().await;

        assert_eq!(answer.status, status, "{what}: {answer:?}");
        let after = ada.get("/cart").await.expect(200);
        match status {
            412 => drop(answer.expect_problem(412, "version_mismatch")),
            400 => drop(answer.expect_problem(400, "invalid_if_match")),
            _ => assert_eq!(answer.version(), "2", "{what}"),
        }
        assert_eq!(after == before, status != 200, "{what}: {after:#}");
    }
}
