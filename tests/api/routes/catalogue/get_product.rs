//! `GET /products/{product_id}`

use serde_json::json;
use tests::app::App;
use tests::samples::{create_product, product, usd};

#[tokio::test]
async fn every_caller_sees_a_product_that_an_admin_created() {
    let app = App::start().await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    let path = format!("/products/{}", mug["id"].as_str().expect("an id"));
    let (visitor, ada) = (app.anonymous(), app.customer("ada").await);

    for who in [&visitor, &ada, &visitor.with_token("no token at all")] {
        assert_eq!(who.get(&path).await.expect(200), mug);
    }
}

#[tokio::test]
async fn a_sale_changes_the_etag_but_not_its_version() {
    let app = App::start().await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 1)).await;
    let path = format!("/products/{}", mug["id"].as_str().expect("an id"));
    let tag = async || app.anonymous().get(&path).await.header("etag").expect("a tag").to_owned();
    let before = tag().await;
    assert_eq!(tag().await, before, "the same content has the same tag");

    let order = json!({"items": [{"product_id": mug["id"], "quantity": 1}]});
    app.customer("ada").await.post("/orders", order).await.expect(201);

    let after = tag().await;
    assert_ne!(after, before);
    assert!(after.starts_with("\"1-") && before.starts_with("\"1-"), "{before}, {after}");
}

#[tokio::test]
async fn a_product_is_in_stock_until_its_last_variant_is_sold_out() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let sizes = json!([
        {"sku": "MUG-S", "options": {"size": "S"}, "stock": 1},
        {"sku": "MUG-M", "options": {"size": "M"}, "stock": 1},
    ]);
    let body = json!({"name": "Stoneware Mug", "price": usd(1800), "variants": sizes});
    let mug = create_product(&app.admin().await, body).await;
    let path = format!("/products/{}", mug["id"].as_str().expect("an id"));

    for (sku, still_in_stock) in [("MUG-S", true), ("MUG-M", false)] {
        ada.post("/orders", json!({"items": [{"sku": sku, "quantity": 1}]})).await.expect(201);
        let mug = ada.get(&path).await.expect(200);
        assert_eq!(mug["in_stock"], still_in_stock, "after {sku}");
    }
}

#[tokio::test]
async fn drafts_and_archived_products_are_for_admins_only() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    for status in ["draft", "archived"] {
        let body = json!({"name": "Stoneware Mug", "price": usd(1800), "status": status});
        let mug = create_product(&admin, body).await;
        let path = format!("/products/{}", mug["id"].as_str().expect("an id"));

        for who in [&app.anonymous(), &ada] {
            who.get(&path).await.expect_problem(404, "not_found");
        }
        let forged = app.anonymous().with_token("forged");
        forged.get(&path).await.expect_problem(401, "unauthenticated");
        let answer = admin.get(&path).await;
        assert_eq!(answer.header("cache-control"), Some("private, no-store"));
        let seen = answer.expect(200);
        assert_eq!(seen["status"], status);
        assert_eq!(seen, mug);
    }
}

#[tokio::test]
async fn an_unknown_or_malformed_id_is_not_found() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let id = mug["id"].as_str().expect("an id");
    for (why, path) in [
        ("missing", "/products/prd_01890a5d-ac96-774b-bcce-b302099a8057".to_owned()),
        ("no id", "/products/mug".to_owned()),
        ("a number", "/products/1".to_owned()),
        ("in capitals", format!("/products/prd_{}", id[4..].to_uppercase())),
        ("another kind's", format!("/products/ord_{}", &id[4..])),
        ("with more text after it", format!("/products/{id}0")),
        ("with a key's separator", format!("/products/{id}%23VARIANT")),
        ("another UUID version", "/products/prd_00000000-0000-4000-8000-000000000000".to_owned()),
    ] {
        let answer = admin.get(&path).await;
        assert_eq!(answer.status, 404, "{why}: {:#}", answer.body);
        let problem = answer.expect_problem(404, "not_found");
        assert_eq!(problem["instance"], path, "{why}");
    }
}
