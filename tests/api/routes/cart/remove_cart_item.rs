//! `DELETE /cart/items/{sku}`

use serde_json::json;
use tests::app::App;

use super::{WAYS_OFF_SALE, add, check_if_match, create_shirt, take_off_sale};

#[tokio::test]
async fn removing_a_line_keeps_the_others() {
    let app = App::start().await;
    let (ada, grace) = (app.customer("ada").await, app.customer("grace").await);
    create_shirt(&app.admin().await).await;
    add(&ada, "SHIRT-M", 2).await;
    let stays = add(&ada, "SHIRT-L", 1).await["items"][1].clone();
    let graces = add(&grace, "SHIRT-M", 1).await;

    let answer = ada.delete("/cart/items/SHIRT-M").await;

    answer.expect_private();
    assert_eq!(answer.version(), "3");
    let cart = answer.expect(200);
    assert_eq!(cart["items"], json!([stays]));
    assert_eq!(ada.get("/cart").await.expect(200), cart, "the stored cart equals the response");
    assert_eq!(
        grace.get("/cart").await.expect(200),
        graces,
        "another customer's cart is unchanged"
    );
}

#[tokio::test]
async fn removing_a_sku_that_is_not_in_the_cart_succeeds() {
    let app = App::start().await;
    let (ada, grace) = (app.customer("ada").await, app.customer("grace").await);
    create_shirt(&app.admin().await).await;
    let before = add(&ada, "SHIRT-M", 2).await;
    let contents = app.contents().await;
    for sku in ["SHIRT-L", "shirt-m", "TEAPOT"] {
        let cart = ada.delete(&format!("/cart/items/{sku}")).await.expect(200);
        assert_eq!(cart, before, "{sku}");
        let empty = grace.delete(&format!("/cart/items/{sku}")).await.expect(200);
        assert_eq!((&empty["items"], &empty["version"]), (&json!([]), &json!(0)), "{sku}");
    }
    assert_eq!(app.contents().await, contents);
}

#[tokio::test]
async fn a_malformed_sku_is_not_found() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    for sku in ["SHIRT%20M", "a+b", &"x".repeat(65)] {
        let answer = ada.delete(&format!("/cart/items/{sku}")).await;
        assert_eq!(answer.status, 404, "{sku}: {answer:?}");
        answer.expect_problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_line_no_longer_on_sale_can_be_removed() {
    for way in WAYS_OFF_SALE {
        let app = App::start().await;
        let (admin, ada) = (app.admin().await, app.customer("ada").await);
        let shirt = create_shirt(&admin).await;
        add(&ada, "SHIRT-M", 2).await;
        take_off_sale(&admin, &shirt, way).await;

        let cart = ada.delete("/cart/items/SHIRT-M").await.expect(200);

        assert_eq!(cart["items"], json!([]), "{way}");
    }
}

#[tokio::test]
async fn if_match_limits_the_change_to_one_version_of_the_cart() {
    check_if_match("DELETE", "/cart/items/SHIRT-M", None).await;
}
