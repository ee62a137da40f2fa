//! The golden list of keys: a key that changes loses the data that lies under the old one.

use std::collections::BTreeSet;

use serde_json::json;
use shared::domain::email::Email;
use shared::domain::ids::{CartId, MessageId, OrderId, ProductId, UserId};
use shared::domain::sku::Sku;
use shared::domain::slug::Slug;
use shared::store::keys::{self, Key};
use tests::app::App;
use tests::samples::{product, put_up};

const UUID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(prefix: &str) -> T {
    format!("{prefix}_{UUID}").parse().expect("an identifier")
}

#[test]
fn every_key_has_the_text_it_always_had() {
    let user: UserId = id("usr");
    let product: ProductId = id("prd");
    let order: OrderId = id("ord");
    let message: MessageId = id("msg");
    let sku = Sku::parse("TEE-M".into()).expect("a SKU");
    let email = Email::parse("Ada@Example.com".into()).expect("an address");
    for (Key { pk, sk }, golden) in [
        (keys::profile(user), "USER#usr_{} PROFILE"),
        (keys::security(user), "USER#usr_{} SECURITY"),
        (keys::credential(&email), "EMAIL#ada@example.com CREDENTIAL"),
        (keys::product(product), "PRODUCT#prd_{} PRODUCT"),
        (keys::variant(product, &sku), "PRODUCT#prd_{} VARIANT#TEE-M"),
        (keys::sku(&sku), "SKU#TEE-M SKU"),
        (keys::cart(CartId::from(user)), "CART#crt_{} CART"),
        (keys::order(order), "ORDER#ord_{} ORDER"),
        (keys::message(message), "OUTBOX#msg_{} MESSAGE"),
        (keys::idempotency("digest"), "IDEMPOTENCY#digest MARKER"),
        (keys::signing_keys(), "SIGNING_KEYS PUBLIC"),
    ] {
        assert_eq!(format!("{pk} {sk}"), golden.replace("{}", UUID));
    }
    let category = Slug::parse("shirts".into()).expect("a slug");
    assert_eq!(keys::listing(), "ACTIVE");
    assert_eq!(keys::category_listing(&category), "CATEGORY#shirts");
    assert_eq!(keys::customer(user), format!("CUSTOMER#usr_{UUID}"));
}

#[tokio::test]
async fn only_what_may_go_carries_a_time_to_live() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = put_up(&admin, product("Stoneware Mug", 1800, 5)).await;
    let line = json!({"product_id": mug["id"], "quantity": 1});
    ada.post("/cart/items", line).await.expect(200);
    let place = ada.call("POST", "/orders").header("idempotency-key", "once").json(&json!({}));
    place.send().await.expect(201);

    let mut types = BTreeSet::new();
    for item in app.items().await {
        let kind = item["type"].as_s().expect("every item has a type tag").clone();
        let may_go = kind == "idempotency_marker";
        assert_eq!(item.contains_key(keys::TTL), may_go, "{kind}: {item:?}");
        types.insert(kind);
    }
    let expected = [
        "cart",
        "credential",
        "idempotency_marker",
        "message",
        "order",
        "product",
        "security",
        "signing_keys",
        "sku",
        "user",
        "variant",
    ];
    assert!(types.iter().eq(expected.iter()), "{types:?}");
}
