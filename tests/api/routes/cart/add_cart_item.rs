//! `POST /cart/items`

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::app::App;
use tests::samples::{create_product, create_sku, product, usd};

use super::{WAYS_OFF_SALE, add, check_if_match, create_shirt, set_price, shirt, take_off_sale};

#[tokio::test]
async fn a_product_with_one_variant_can_be_named_by_either_identifier() {
    let app = App::start().await;
    let (ada, grace) = (app.customer("ada").await, app.customer("grace").await);
    let mug = create_sku(&app.admin().await, "MUG", 1800, 5).await;

    let by_sku = add(&ada, "MUG", 2).await;
    let by_product = json!({"product_id": mug["id"], "quantity": 2});
    let by_product = grace.post("/cart/items", by_product).await.expect(200);

    assert_eq!(by_sku["items"], by_product["items"]);
    assert_eq!(by_sku["items"][0]["quantity"], 2);
    assert_eq!(ada.get("/cart").await.expect(200), by_sku, "the stored cart equals the response");
}

#[tokio::test]
async fn the_response_is_private_and_has_an_etag() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_sku(&app.admin().await, "MUG", 1800, 5).await;

    let answer = ada.post("/cart/items", json!({"sku": "MUG", "quantity": 1})).await;

    assert_eq!(answer.status, 200);
    answer.expect_private();
    assert_eq!(answer.version(), "1");
}

#[tokio::test]
async fn adding_a_sku_again_raises_its_lines_quantity() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_shirt(&app.admin().await).await;
    add(&ada, "SHIRT-M", 2).await;
    add(&ada, "SHIRT-L", 1).await;

    let cart = add(&ada, "SHIRT-M", 3).await;

    let lines: Vec<_> = cart["items"].as_array().expect("lines").iter().collect();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["sku"], &lines[0]["quantity"]), (&json!("SHIRT-M"), &json!(5)));
    assert_eq!((&lines[1]["sku"], &lines[1]["quantity"]), (&json!("SHIRT-L"), &json!(1)));
    assert_eq!(cart["item_count"], 6);
}

#[tokio::test]
async fn adding_more_sets_the_line_to_the_current_price() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let shirt = create_shirt(&admin).await;
    add(&ada, "SHIRT-M", 1).await;
    set_price(&admin, &shirt, 3500).await;

    let cart = add(&ada, "SHIRT-M", 1).await;

    assert_eq!(cart["items"][0]["problem"], json!(null));
    assert_eq!(cart["subtotal"], usd(7000));
}

#[tokio::test]
async fn a_lines_total_quantity_beyond_stock_is_a_conflict() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_sku(&app.admin().await, "MUG", 1800, 5).await;
    add(&ada, "MUG", 3).await;
    let before = app.contents().await;

    let three_more = ada.post("/cart/items", json!({"sku": "MUG", "quantity": 3})).await;

    let problem = three_more.expect_problem(409, "out_of_stock");
    assert_eq!(problem["sku"], "MUG");
    assert_eq!(problem["requested"], 6, "the line's total");
    assert_eq!(problem["available"], 5);
    assert_eq!(app.contents().await, before);
    assert_eq!(add(&ada, "MUG", 2).await["items"][0]["quantity"], 5, "the last units can be added");
}

#[tokio::test]
async fn a_sold_out_sku_is_a_conflict_not_a_404() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_sku(&app.admin().await, "MUG", 1800, 0).await;

    let answer = ada.post("/cart/items", json!({"sku": "MUG", "quantity": 1})).await;

    assert_eq!(answer.expect_problem(409, "out_of_stock")["available"], 0);
}

#[tokio::test]
async fn an_unknown_sku_or_product_is_not_found() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_sku(&app.admin().await, "MUG", 1800, 5).await;
    let before = app.contents().await;
    for (body, what) in [
        (json!({"sku": "TEAPOT", "quantity": 1}), "an unknown SKU"),
        (json!({"sku": "mug", "quantity": 1}), "a SKU in another case"),
        (
            json!({"product_id": "prd_01890a5d-ac96-774b-bcce-b302099a8057", "quantity": 1}),
            "an unknown product",
        ),
    ] {
        let answer = ada.post("/cart/items", body).await;
        assert_eq!(answer.status, 404, "{what}");
        answer.expect_problem(404, "not_found");
    }
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn a_sku_that_is_no_longer_on_sale_is_not_found() {
    for way in WAYS_OFF_SALE {
        let app = App::start().await;
        let (admin, ada) = (app.admin().await, app.customer("ada").await);
        let shirt = create_shirt(&admin).await;
        take_off_sale(&admin, &shirt, way).await;
        let before = app.contents().await;

        let answer = ada.post("/cart/items", json!({"sku": "SHIRT-M", "quantity": 1})).await;

        assert_eq!(answer.status, 404, "{way}: {answer:?}");
        assert_eq!(app.contents().await, before, "{way}");
    }
}

#[tokio::test]
async fn a_reused_sku_is_added_as_a_line_of_its_new_product() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let former = create_shirt(&admin).await;
    add(&ada, "SHIRT-M", 2).await;
    take_off_sale(&admin, &former, "deleted").await;
    let new = create_product(&admin, shirt(4900)).await;
    assert_eq!(ada.get("/cart").await.expect(200)["items"][0]["problem"], "unavailable");

    let cart = add(&ada, "SHIRT-M", 1).await;

    assert_eq!(
        cart["items"].as_array().map(Vec::len),
        Some(2),
        "a line is identified by product and SKU"
    );
    let (dead, living) = (&cart["items"][0], &cart["items"][1]);
    assert_eq!((&dead["product_id"], &dead["quantity"]), (&former["id"], &json!(2)));
    assert_eq!(dead["problem"], "unavailable");
    assert_eq!((&living["product_id"], &living["quantity"]), (&new["id"], &json!(1)));
    assert_eq!((&living["problem"], &living["unit_price"]), (&json!(null), &usd(4900)));
}

#[tokio::test]
async fn a_product_with_several_variants_must_be_named_by_sku() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let shirt = create_shirt(&admin).await;
    let by_product = json!({"product_id": shirt["id"], "quantity": 1});

    let answer = ada.post("/cart/items", by_product.clone()).await;

    answer.clone().expect_problem(422, "variant_required");
    let expected = [("/product_id".to_owned(), "variant_required".to_owned())];
    assert_eq!(answer.expect_invalid(), expected);

    take_off_sale(&admin, &shirt, "withdrawn").await;
    let cart = ada.post("/cart/items", by_product).await.expect(200);
    assert_eq!(cart["items"][0]["sku"], "SHIRT-L", "the only one left");
}

#[tokio::test]
async fn exactly_one_identifier_is_required() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_sku(&app.admin().await, "MUG", 1800, 5).await;
    for (body, what) in [
        (json!({"quantity": 1}), "neither"),
        (json!({"sku": null, "product_id": null, "quantity": 1}), "two nothings"),
        (json!({"sku": "MUG", "product_id": mug["id"], "quantity": 1}), "both"),
    ] {
        let invalid = ada.post("/cart/items", body).await.expect_invalid();
        assert_eq!(invalid, [("/sku".to_owned(), "sku_or_product_id".to_owned())], "{what}");
    }
}

#[tokio::test]
async fn members_that_only_the_shop_sets_are_rejected() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_sku(&app.admin().await, "MUG", 1800, 5).await;
    let before = app.contents().await;
    for (name, value) in [
        ("unit_price", usd(1)),
        ("line_total", usd(1)),
        ("id", json!("crt_01890a5d-ac96-774b-bcce-b302099a8057")),
        ("user_id", json!("usr_01890a5d-ac96-774b-bcce-b302099a8057")),
        ("version", json!(7)),
    ] {
        let mut body = json!({"sku": "MUG", "quantity": 1});
        body[name] = value;
        let invalid = ada.post("/cart/items", body).await.expect_invalid();
        assert_eq!(invalid, [(format!("/{name}"), "unknown_field".to_owned())]);
    }
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn a_line_holds_at_most_999_units() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_sku(&app.admin().await, "SCREW", 10, 5000).await;
    add(&ada, "SCREW", 998).await;
    let before = app.contents().await;

    let two_more = ada.post("/cart/items", json!({"sku": "SCREW", "quantity": 2})).await;

    let expected = [("/quantity".to_owned(), "quantity_out_of_range".to_owned())];
    assert_eq!(two_more.expect_invalid(), expected);
    assert_eq!(app.contents().await, before);
    assert_eq!(add(&ada, "SCREW", 1).await["item_count"], 999);
}

#[tokio::test]
async fn a_cart_holds_at_most_40_lines() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let size = |size: u32| json!({"sku": format!("SHOE-{size}"), "options": {"size": size.to_string()}, "stock": 9});
    let sizes: Vec<Value> = (1..=40).map(size).collect();
    create_product(&admin, json!({"name": "Shoe", "price": usd(9900), "variants": sizes})).await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    for size in 1..=40 {
        add(&ada, &format!("SHOE-{size}"), 1).await;
    }
    let before = app.contents().await;

    let one_too_many = json!({"product_id": mug["id"], "quantity": 1});
    let answer = ada.post("/cart/items", one_too_many.clone()).await;

    answer.expect_problem(422, "cart_full");
    assert_eq!(app.contents().await, before);
    assert_eq!(
        add(&ada, "SHOE-40", 1).await["item_count"],
        41,
        "more units of a SKU in the cart can be added"
    );
    ada.delete("/cart/items/SHOE-1").await.expect(200);
    ada.post("/cart/items", one_too_many).await.expect(200);
}

#[tokio::test]
async fn if_match_limits_the_change_to_one_version_of_the_cart() {
    let body = json!({"sku": "SHIRT-L", "quantity": 1});
    check_if_match("POST", "/cart/items", Some(body)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_concurrent_additions_all_count() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_sku(&app.admin().await, "MUG", 1800, 30).await;

    let one = json!({"sku": "MUG", "quantity": 1});
    let answers = join_all((0..30).map(|_| ada.post("/cart/items", one.clone()))).await;

    for answer in answers {
        answer.expect(200);
    }
    let cart = ada.get("/cart").await.expect(200);
    assert_eq!(cart["items"][0]["quantity"], 30);
    assert_eq!(cart["version"], 30);
}
