//! `DELETE /cart`

use serde_json::json;
use tests::app::App;
use tests::samples::{create_sku, order_of, usd};

use super::{add, check_if_match, create_shirt};

#[tokio::test]
async fn clearing_removes_all_lines_and_keeps_the_cart() {
    let app = App::start().await;
    let (ada, grace) = (app.customer("ada").await, app.customer("grace").await);
    create_shirt(&app.admin().await).await;
    add(&ada, "SHIRT-M", 2).await;
    let before = add(&ada, "SHIRT-L", 1).await;
    let graces = add(&grace, "SHIRT-M", 1).await;

    let answer = ada.delete("/cart").await;

    answer.expect_private();
    assert_eq!(answer.version(), "3");
    let cart = answer.expect(200);
    assert_eq!(
        cart,
        json!({
            "id": before["id"],
            "items": [],
            "subtotal": usd(0),
            "item_count": 0,
            "version": 3,
            "updated_at": "2026-01-01T00:00:00.000Z",
        })
    );
    assert_eq!(ada.get("/cart").await.expect(200), cart, "the stored cart equals the response");
    assert_eq!(ada.delete("/cart").await.expect(200), cart, "clearing again returns the same");
    assert_eq!(
        grace.get("/cart").await.expect(200),
        graces,
        "another customer's cart is unchanged"
    );
}

#[tokio::test]
async fn clearing_a_missing_cart_stores_nothing() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let before = app.contents().await;

    let cart = ada.delete("/cart").await.expect(200);

    assert_eq!(cart, ada.get("/cart").await.expect(200));
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn clearing_the_cart_keeps_its_unpaid_orders() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_sku(&app.admin().await, "MUG", 1800, 20).await;
    for _ in 0..5 {
        ada.post("/orders", order_of(&mug, 1)).await.expect(201);
    }
    add(&ada, "MUG", 1).await;

    ada.delete("/cart").await.expect(200);

    let sixth = ada.post("/orders", order_of(&mug, 1)).await;
    sixth.expect_problem(409, "too_many_unpaid_orders");
}

#[tokio::test]
async fn if_match_limits_the_change_to_one_version_of_the_cart() {
    check_if_match("DELETE", "/cart", None).await;
}
