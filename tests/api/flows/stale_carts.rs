//! Edits and orders of a cart while its eventually consistent reads are stale.

use serde_json::json;
use tests::app::App;
use tests::gate::Faults;
use tests::persona::Persona;
use tests::samples::{create_sku, id, usd};

/// A shop in which every eventually consistent read returns the item as it was before its last
/// write.
async fn start_with_stale_reads() -> App {
    App::builder().faults(Faults { stale_reads: true, ..Faults::default() }).start().await
}

async fn quantity(ada: &Persona<'_>) -> serde_json::Value {
    ada.get("/cart").await.expect(200)["items"][0]["quantity"].clone()
}

#[tokio::test]
async fn a_quantity_that_only_a_stale_read_shows_is_written() {
    let app = start_with_stale_reads().await;
    let ada = app.customer("ada").await;
    create_sku(&app.admin().await, "MUG", 1800, 9).await;
    ada.post("/cart/items", json!({"sku": "MUG", "quantity": 2})).await.expect(200);

    // The stale read still shows 2 when 2 is requested again.
    ada.put("/cart/items/MUG", json!({"quantity": 3})).await.expect(200);
    let cart = ada.put("/cart/items/MUG", json!({"quantity": 2})).await.expect(200);

    assert_eq!(cart["items"][0]["quantity"], 2);
    assert_eq!(quantity(&ada).await, 2);
}

#[tokio::test]
async fn a_line_that_was_just_added_can_be_removed() {
    let app = start_with_stale_reads().await;
    let ada = app.customer("ada").await;
    create_sku(&app.admin().await, "MUG", 1800, 9).await;
    for path in ["/cart/items/MUG", "/cart"] {
        ada.post("/cart/items", json!({"sku": "MUG", "quantity": 2})).await.expect(200);

        let cart = ada.delete(path).await.expect(200);

        assert_eq!(cart["items"], json!([]), "{path}");
        assert_eq!(ada.get("/cart").await.expect(200)["items"], json!([]), "{path}");
    }
}

#[tokio::test]
async fn a_product_that_was_just_created_can_be_added_and_ordered() {
    let app = start_with_stale_reads().await;
    let ada = app.customer("ada").await;
    let mug = create_sku(&app.admin().await, "MUG", 1800, 9).await;
    ada.post("/cart/items", json!({"product_id": mug["id"], "quantity": 1})).await.expect(200);
    ada.post("/orders", json!({})).await.expect(201);
    let items = json!({"items": [{"sku": "MUG", "quantity": 1}]});
    ada.post("/orders", items).await.expect(201);
}

#[tokio::test]
async fn naming_a_product_adds_the_only_variant_that_is_on_sale_now() {
    let app = start_with_stale_reads().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 9).await;
    let replaced = json!({
        "name": "Mug",
        "price": usd(1800),
        "variants": [{"sku": "MUG-2", "options": {"size": "large"}, "stock": 4}],
    });
    admin.put(&format!("/products/{}", id(&mug)), replaced).await.expect(200);

    // The stale read still shows the withdrawn variant.
    let items = json!({"items": [{"product_id": mug["id"], "quantity": 1}]});
    let order = ada.post("/orders", items).await.expect(201);

    assert_eq!(order["items"][0]["sku"], "MUG-2");
}

#[tokio::test]
async fn an_order_has_the_current_price_and_the_current_default_address() {
    let app = start_with_stale_reads().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 9).await;
    ada.post("/cart/items", json!({"sku": "MUG", "quantity": 2})).await.expect(200);
    let dearer = json!({"name": "Mug", "price": usd(1900), "variants": [{"sku": "MUG"}]});
    admin.put(&format!("/products/{}", id(&mug)), dearer).await.expect(200);
    for city in ["Berlin", "Hamburg"] {
        let address = json!({
            "name": "Ada", "line1": "1 Street", "city": city, "postal_code": "10115", "country": "DE",
        });
        ada.patch("/users/me", json!({"addresses": [address]})).await.expect(200);
    }

    let order = ada.post("/orders", json!({"expected_total": usd(3800)})).await.expect(201);

    assert_eq!(order["total"], usd(3800));
    assert_eq!(order["shipping_address"]["city"], "Hamburg");
}
