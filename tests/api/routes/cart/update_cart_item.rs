//! `PUT /cart/items/{sku}`

use serde_json::json;
use tests::app::App;
use tests::samples::{create_sku, usd};

use super::{WAYS_OFF_SALE, add, check_if_match, create_shirt, set_price, take_off_sale};

#[tokio::test]
async fn a_line_gets_the_requested_quantity() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_shirt(&app.admin().await).await;
    add(&ada, "SHIRT-M", 2).await;
    add(&ada, "SHIRT-L", 1).await;

    for quantity in [7, 1, 10] {
        let answer = ada.put("/cart/items/SHIRT-M", json!({"quantity": quantity})).await;
        answer.expect_private();
        let cart = answer.expect(200);
        assert_eq!(cart["items"][0]["sku"], "SHIRT-M", "the line keeps its position");
        assert_eq!(cart["items"][0]["quantity"], quantity);
        assert_eq!(cart["items"][0]["line_total"], usd(2900 * quantity));
        assert_eq!(cart["item_count"], quantity + 1);
        assert_eq!(ada.get("/cart").await.expect(200), cart, "the stored cart equals the response");
    }
}

#[tokio::test]
async fn a_quantity_of_zero_removes_the_line() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_shirt(&app.admin().await).await;
    add(&ada, "SHIRT-M", 2).await;
    let expected = add(&ada, "SHIRT-L", 1).await["items"][1].clone();

    let cart = ada.put("/cart/items/SHIRT-M", json!({"quantity": 0})).await.expect(200);

    assert_eq!(cart["items"], json!([expected]));
}

#[tokio::test]
async fn setting_the_quantity_sets_the_line_to_the_current_price() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let shirt = create_shirt(&admin).await;
    add(&ada, "SHIRT-M", 2).await;
    set_price(&admin, &shirt, 3500).await;

    let cart = ada.put("/cart/items/SHIRT-M", json!({"quantity": 2})).await.expect(200);

    assert_eq!(cart["items"][0]["problem"], json!(null));
    assert_eq!(cart["subtotal"], usd(7000));
}

#[tokio::test]
async fn setting_the_same_quantity_keeps_the_version() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_shirt(&app.admin().await).await;
    let before = add(&ada, "SHIRT-M", 2).await;

    let after = ada.put("/cart/items/SHIRT-M", json!({"quantity": 2})).await.expect(200);

    assert_eq!(after, before);
}

#[tokio::test]
async fn a_sku_that_is_not_in_the_cart_is_not_found() {
    let app = App::start().await;
    let (ada, grace) = (app.customer("ada").await, app.customer("grace").await);
    create_shirt(&app.admin().await).await;
    add(&ada, "SHIRT-M", 2).await;
    add(&grace, "SHIRT-L", 1).await;
    let before = app.contents().await;
    for (sku, what) in [
        ("SHIRT-L", "in another customer's cart only"),
        ("shirt-m", "in another case"),
        ("TEAPOT", "unknown"),
        ("SHIRT%20M", "no SKU at all"),
        (&"x".repeat(65), "too long for a SKU"),
    ] {
        for quantity in [0, 1] {
            let answer =
                ada.put(&format!("/cart/items/{sku}"), json!({"quantity": quantity})).await;
            assert_eq!(answer.status, 404, "{what}, {quantity}: {answer:?}");
            answer.expect_problem(404, "not_found");
        }
    }
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn a_quantity_beyond_stock_is_a_conflict() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_sku(&app.admin().await, "MUG", 1800, 5).await;
    add(&ada, "MUG", 3).await;
    let before = app.contents().await;

    let answer = ada.put("/cart/items/MUG", json!({"quantity": 6})).await;

    let problem = answer.expect_problem(409, "out_of_stock");
    assert_eq!(
        (&problem["sku"], &problem["requested"], &problem["available"]),
        (&json!("MUG"), &json!(6), &json!(5))
    );
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn a_line_no_longer_on_sale_can_only_be_removed() {
    for way in WAYS_OFF_SALE {
        let app = App::start().await;
        let (admin, ada) = (app.admin().await, app.customer("ada").await);
        let shirt = create_shirt(&admin).await;
        add(&ada, "SHIRT-M", 2).await;
        take_off_sale(&admin, &shirt, way).await;
        let before = app.contents().await;

        let fewer = ada.put("/cart/items/SHIRT-M", json!({"quantity": 1})).await;
        assert_eq!(fewer.status, 409, "{way}: {fewer:?}");
        fewer.expect_problem(409, "unavailable");
        assert_eq!(app.contents().await, before, "{way}");

        let none = ada.put("/cart/items/SHIRT-M", json!({"quantity": 0})).await.expect(200);
        assert_eq!(none["items"], json!([]), "{way}");
    }
}

#[tokio::test]
async fn if_match_limits_the_change_to_one_version_of_the_cart() {
    check_if_match("PUT", "/cart/items/SHIRT-M", Some(json!({"quantity": 5}))).await;
}

#[tokio::test]
async fn a_sku_that_is_not_in_the_cart_is_a_404_before_a_version_mismatch() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    for (method, path, body) in [
        ("PUT", "/cart/items/MUG", json!({"quantity": 1})),
        ("POST", "/cart/items", json!({"sku": "MUG", "quantity": 1})),
    ] {
        let call = ada.call(method, path).json(&body).header("if-match", "\"7-a\"");
        call.send().await.expect_problem(404, "not_found");
    }
}
