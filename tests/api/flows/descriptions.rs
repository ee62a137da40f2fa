//! An order has the current names, options and prices, whether it comes from the cart, from items,
//! or after a change of the product in between.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::domain::cart_key::CartKey;
use shared::domain::ids::{ProductId, UserId};
use shared::domain::sku::Sku;
use shared::store::keys::{self, Key};
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{create_product, id, usd};

fn shirt(name: &str, options: Value, cents: i64) -> Value {
    json!({
        "name": name,
        "price": usd(cents),
        "images": ["https://img.example.com/shirt.jpg"],
        "variants": [{"sku": "SHIRT-M", "options": options}],
    })
}

async fn describe(admin: &Persona<'_>, product: &Value, body: Value) {
    admin.put(&format!("/products/{}", id(product)), body).await.expect(200);
}

async fn shop() -> (App, Value) {
    let app = App::start().await;
    let mut new = shirt("Linen Shirt", json!({"size": "M"}), 2900);
    new["variants"][0]["stock"] = json!(9);
    let product = create_product(&app.admin().await, new).await;
    (app, product)
}

#[tokio::test]
async fn a_product_renamed_at_the_same_price_is_ordered_under_its_new_name() {
    for (name, options, what) in [
        ("Linen Shirt, washed", json!({"size": "M"}), "a new name"),
        ("Linen Shirt", json!({"size": "Medium"}), "a new option"),
        ("Linen Shirt", json!({"size": "M", "fit": "slim"}), "one more option"),
    ] {
        let (app, product) = shop().await;
        let (admin, ada) = (app.admin().await, app.customer("ada").await);
        ada.post("/cart/items", json!({"sku": "SHIRT-M", "quantity": 1})).await.expect(200);
        describe(&admin, &product, shirt(name, options.clone(), 2900)).await;

        let line = ada.get("/cart").await.expect(200)["items"][0].clone();
        assert_eq!(line["problem"], "changed", "{what}");
        assert_eq!((&line["name"], &line["options"]), (&json!(name), &options), "{what}");
        assert_eq!(line["image"], "https://img.example.com/shirt.jpg", "{what}");

        let order = ada.post("/orders", json!({"expected_total": usd(2900)})).await.expect(201);
        let items = json!({"items": [{"sku": "SHIRT-M", "quantity": 1}]});
        let by_items = ada.post("/orders", items).await.expect(201);
        for order in [order, by_items] {
            let line = &order["items"][0];
            assert_eq!((&line["name"], &line["options"]), (&json!(name), &options), "{what}");
        }
    }
}

#[tokio::test]
async fn an_edit_that_leaves_name_options_and_price_does_not_change_the_line() {
    let (app, product) = shop().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    ada.post("/cart/items", json!({"sku": "SHIRT-M", "quantity": 1})).await.expect(200);
    let mut body = shirt("Linen Shirt", json!({"size": "M"}), 2900);
    body["images"] = json!(["https://img.example.com/other.jpg"]);
    body["low_stock_threshold"] = json!(2);
    body["description"] = json!("Washed twice.");
    describe(&admin, &product, body).await;

    let line = ada.get("/cart").await.expect(200)["items"][0].clone();

    assert_eq!(line["problem"], json!(null));
    assert_eq!(line["image"], "https://img.example.com/other.jpg", "today's picture");
}

#[tokio::test]
async fn a_line_with_a_new_price_and_name_shows_price_changed() {
    let (app, product) = shop().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    ada.post("/cart/items", json!({"sku": "SHIRT-M", "quantity": 1})).await.expect(200);
    describe(&admin, &product, shirt("Shirt", json!({"size": "M"}), 3100)).await;

    let line = ada.get("/cart").await.expect(200)["items"][0].clone();

    assert_eq!((&line["problem"], &line["name"]), (&json!("price_changed"), &json!("Shirt")));
    let problem = ada.post("/orders", json!({"expected_total": usd(2900)})).await;
    problem.expect_problem(409, "price_changed");
    let order = ada.post("/orders", json!({})).await.expect(201);
    assert_eq!(order["items"][0]["name"], "Shirt");
    assert_eq!(order["total"], usd(3100));
}

#[tokio::test]
async fn editing_a_line_copies_the_current_name_and_price_into_it() {
    let (app, product) = shop().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    ada.post("/cart/items", json!({"sku": "SHIRT-M", "quantity": 1})).await.expect(200);
    describe(&admin, &product, shirt("Shirt", json!({"size": "M"}), 2900)).await;

    let cart = ada.put("/cart/items/SHIRT-M", json!({"quantity": 1})).await.expect(200);

    assert_eq!(cart["items"][0]["problem"], json!(null));
    assert_eq!(cart["items"][0]["name"], "Shirt");
    assert_eq!(cart["version"], 2);
}

/// Changes a stored price to the currency that the shop had before.
async fn set_price_in_euros(app: &App, key: Key, price: &str) {
    // `lines` is one of DynamoDB's reserved words.
    let attribute = price.split('[').next().expect("a name");
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key(keys::PK, AttributeValue::S(key.pk));
    let update = update.key(keys::SK, AttributeValue::S(key.sk));
    update
        .update_expression(format!("SET #{price}.currency = :euro"))
        .expression_attribute_names(format!("#{attribute}"), attribute)
        .expression_attribute_values(":euro", AttributeValue::S("EUR".to_owned()))
        .send()
        .await
        .expect("an update");
}

#[tokio::test]
async fn a_cart_from_before_a_currency_change_is_ordered_at_the_current_price() {
    let (app, _) = shop().await;
    let ada = app.customer("ada").await;
    ada.post("/cart/items", json!({"sku": "SHIRT-M", "quantity": 1})).await.expect(200);
    let user: UserId = id(&ada.get("/users/me").await.expect(200)).parse().expect("an id");
    set_price_in_euros(&app, keys::cart(&CartKey::Customer(user)), "lines[0].unit_price").await;

    let line = ada.get("/cart").await.expect(200)["items"][0].clone();
    assert_eq!((&line["problem"], &line["unit_price"]), (&json!("price_changed"), &usd(2900)));
    let order = ada.post("/orders", json!({})).await.expect(201);

    assert_eq!(order["total"], usd(2900));
}

#[tokio::test]
async fn a_product_priced_in_another_currency_is_not_sold() {
    let (app, product) = shop().await;
    let ada = app.customer("ada").await;
    let product_id: ProductId = id(&product).parse().expect("an id");
    let sku = Sku::parse("SHIRT-M".to_owned()).expect("a SKU");
    let variant = keys::variant(product_id, &sku);
    set_price_in_euros(&app, variant, "price").await;

    let by_items = json!({"items": [{"sku": "SHIRT-M", "quantity": 1}]});
    ada.post("/orders", by_items).await.expect_problem(409, "unavailable");
}
