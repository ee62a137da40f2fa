//! `GET /inventory`

use std::time::Duration;

use serde_json::{Value, json};
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{create_product, create_sku, order_of, path_of, usd};

use super::{adjust, set};

/// The SKUs of a list, page by page.
async fn skus(admin: &Persona<'_>, query: &str) -> Vec<String> {
    let all = admin.all_pages(&format!("/inventory?{query}")).await.into_iter();
    all.map(|it| it["sku"].as_str().expect("a SKU").to_owned()).collect()
}

async fn low(app: &App, admin: &Persona<'_>) -> Vec<String> {
    app.advance(Duration::from_secs(2));
    skus(admin, "low_stock=true").await
}

#[tokio::test]
async fn all_skus_are_listed_in_their_order_with_the_stock_of_this_moment() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mut expected = Vec::new();
    for number in 0..30 {
        let sku = format!("SKU-{:02}", number * 7 % 30);
        create_sku(&admin, &sku, 1800, number).await;
        expected.push(sku);
    }
    expected.sort();
    app.advance(Duration::from_secs(2));
    for limit in [1, 7, 30, 100] {
        assert_eq!(skus(&admin, &format!("limit={limit}")).await, expected, "{limit}");
    }
    ada.post("/orders", json!({"items": [{"sku": "SKU-29", "quantity": 2}]})).await.expect(201);
    let answer = admin.get("/inventory?limit=100").await;
    answer.expect_private();
    let page = answer.expect(200);
    let listed = page["data"].as_array().expect("a list").last().expect("one");
    let read = admin.get("/inventory/SKU-29").await.expect(200);
    assert_eq!(*listed, read);
}

#[tokio::test]
async fn low_stock_is_listed_as_long_as_it_is_low() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let body = |status: &str, threshold: Value| {
        json!({
            "name": "Tee", "price": usd(2500), "low_stock_threshold": threshold, "status": status,
            "variants": [
                {"sku": "S", "options": {"Size": "S"}, "stock": 5},
                {"sku": "M", "options": {"Size": "M"}, "stock": 3},
                {"sku": "L", "options": {"Size": "L"}, "track_stock": false},
            ],
        })
    };
    let tee = create_product(&admin, body("active", json!(3))).await;
    let path = path_of(&tee);
    assert_eq!(low(&app, &admin).await, ["M"], "from the beginning");
    let order = ada.post("/orders", json!({"items": [{"sku": "S", "quantity": 2}]})).await;
    let order = order.expect(201);
    assert_eq!(low(&app, &admin).await, ["M", "S"], "after a sale");
    ada.delete(&format!("/orders/{}", order["id"].as_str().expect("an id"))).await.expect(200);
    assert_eq!(low(&app, &admin).await, ["M"], "after its return");
    adjust(&admin, "M", 1).await.expect(201);
    assert_eq!(low(&app, &admin).await, [""; 0], "after a delivery");
    set(&admin, "S", json!({"low_stock_threshold": 10})).await.expect(200);
    assert_eq!(low(&app, &admin).await, ["S"], "with a threshold of its own");
    let edited = |mut body: Value| {
        for variant in body["variants"].as_array_mut().expect("a list") {
            variant.as_object_mut().expect("a variant").remove("stock");
        }
        body
    };
    admin.put(&path, edited(body("draft", json!(4)))).await.expect(200);
    assert_eq!(low(&app, &admin).await, ["M", "S"], "with another threshold of the product");
    let mut without = edited(body("active", json!(4)));
    without["variants"].as_array_mut().expect("a list").remove(1);
    admin.put(&path, without).await.expect(200);
    assert_eq!(low(&app, &admin).await, ["S"], "without the variant that was withdrawn");
    assert_eq!(skus(&admin, "").await, ["L", "S"]);
    admin.delete(&path).await.expect(204);
    assert_eq!(low(&app, &admin).await, [""; 0], "without the product");
    assert_eq!(skus(&admin, "").await, [""; 0]);
}

#[tokio::test]
async fn stock_that_is_not_low_can_be_listed_too() {
    let app = App::start().await;
    let admin = app.admin().await;
    for (sku, stock) in [("FEW", 1), ("MANY", 10)] {
        let variants = json!([{"sku": sku, "stock": stock}]);
        let body =
            json!({"name": sku, "price": usd(100), "low_stock_threshold": 2, "variants": variants});
        create_product(&admin, body).await;
    }
    app.advance(Duration::from_secs(2));
    assert_eq!(skus(&admin, "low_stock=false").await, ["MANY"]);
    assert_eq!(skus(&admin, "low_stock=true").await, ["FEW"]);
    assert_eq!(skus(&admin, "low_stock=").await, ["FEW", "MANY"]);
    let found = admin.get("/inventory?low_stock=yes").await.expect_invalid();
    assert_eq!(found, [("low_stock".to_owned(), "unknown_value".to_owned())]);
}

#[tokio::test]
async fn a_sku_that_moves_to_another_product_is_listed_as_that_products() {
    let app = App::start().await;
    let admin = app.admin().await;
    let few = json!({
        "name": "Old", "price": usd(100), "low_stock_threshold": 2,
        "variants": [{"sku": "A", "options": {"Size": "S"}, "stock": 1}, {"sku": "B", "options": {"Size": "M"}, "stock": 9}],
    });
    let old = create_product(&admin, few).await;
    assert_eq!(low(&app, &admin).await, ["A"]);
    let without = json!({"name": "Old", "price": usd(100), "low_stock_threshold": 2, "variants": [{"sku": "B"}]});
    admin.put(&path_of(&old), without).await.expect(200);
    let new = create_sku(&admin, "A", 200, 50).await;

    assert_eq!(low(&app, &admin).await, [""; 0]);
    let page = admin.get("/inventory").await.expect(200);
    assert_eq!(
        (&page["data"][0]["sku"], &page["data"][0]["product_id"]),
        (&json!("A"), &new["id"])
    );
    app.customer("ada").await.post("/orders", order_of(&new, 3)).await.expect(201);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_list() {
    let app = App::start().await;
    let admin = app.admin().await;
    for sku in ["A", "B", "C"] {
        create_sku(&admin, sku, 100, 5).await;
    }
    app.advance(Duration::from_secs(2));
    let page = admin.get("/inventory?limit=1").await.expect(200);
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let other = format!("/inventory?low_stock=true&cursor={cursor}");
    admin.get(&other).await.expect_problem(400, "invalid_cursor");
    admin.get("/inventory?cursor=x").await.expect_problem(400, "invalid_cursor");
}
