//! Data that a newer version of the functions wrote survives the writes of this one, so that a
//! rollback loses nothing.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use shared::store::keys::{self, Key};
use tests::app::App;
use tests::samples::{create_product, id, order_of, usd};

const NEWER: &str = "newer";

/// Sets members that only a newer version knows, at these paths of an item.
async fn write(app: &App, key: &Key, paths: &[&str]) {
    for path in paths {
        // `lines` is one of DynamoDB's reserved words.
        let path = path.replace("lines", "#lines");
        let update = app.client.update_item();
        let update = match path.contains('#') {
            true => update.expression_attribute_names("#lines", "lines"),
            false => update,
        };
        update
            .table_name(&app.table)
            .key(keys::PK, AttributeValue::S(key.pk.clone()))
            .key(keys::SK, AttributeValue::S(key.sk.clone()))
            .update_expression(format!("SET {path} = :newer"))
            .expression_attribute_values(":newer", AttributeValue::S(NEWER.to_owned()))
            .send()
            .await
            .expect("an update");
    }
}

async fn read(app: &App, key: &Key) -> HashMap<String, AttributeValue> {
    let get = app.client.get_item().table_name(&app.table).consistent_read(true);
    let get = get.key(keys::PK, AttributeValue::S(key.pk.clone()));
    let get = get.key(keys::SK, AttributeValue::S(key.sk.clone()));
    get.send().await.expect("a read").item.expect("an item")
}

fn is_newer(value: Option<&AttributeValue>) -> bool {
    value.and_then(|value| value.as_s().ok()).is_some_and(|text| text == NEWER)
}

#[tokio::test]
async fn changing_an_orders_status_keeps_unknown_members() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, tests::samples::product("Mug", 1800, 9)).await;
    let order = ada.post("/orders", order_of(&mug, 2)).await.expect(201);
    let key = keys::order(id(&order).parse().expect("an id"));
    write(&app, &key, &["novelty", "summary.novelty", "lines[0].novelty", "history[0].novelty"])
        .await;

    ada.delete(&format!("/orders/{}", id(&order))).await.expect(200);

    let item = read(&app, &key).await;
    assert!(is_newer(item.get("novelty")), "{item:?}");
    let inside = |list: &str| item[list].as_l().expect("a list")[0].as_m().expect("a map").clone();
    assert!(is_newer(item["summary"].as_m().expect("a map").get("novelty")), "{item:?}");
    assert!(is_newer(inside("lines").get("novelty")), "{item:?}");
    assert!(is_newer(inside("history").get("novelty")), "{item:?}");
    assert_eq!(item["history"].as_l().map(Vec::len), Ok(2));
}

#[tokio::test]
async fn updating_a_product_keeps_unknown_members() {
    let app = App::start().await;
    let admin = app.admin().await;
    let body = json!({"name": "Mug", "price": usd(1800), "variants": [{"sku": "MUG", "stock": 5}]});
    let mug = create_product(&admin, body).await;
    let product = id(&mug).parse().expect("an id");
    let sku = "MUG".parse().expect("a SKU");
    let (product, variant) = (keys::product(product), keys::variant(product, &sku));
    write(&app, &product, &["novelty"]).await;
    write(&app, &variant, &["novelty"]).await;

    let body = json!({"name": "Cup", "price": usd(1900), "variants": [{"sku": "MUG"}]});
    admin.put(&format!("/products/{}", id(&mug)), body).await.expect(200);

    for key in [product, variant] {
        let item = read(&app, &key).await;
        assert!(is_newer(item.get("novelty")), "{item:?}");
        assert_eq!(item["name"].as_s().map(String::as_str), Ok("Cup"));
    }
}
