//! `GET /cart`

use serde_json::json;
use tests::app::App;
use tests::samples::{create_product, create_sku, id, members, order_of, product, usd};

use super::{WAYS_OFF_SALE, add, create_shirt, set_price, take_off_sale};

#[tokio::test]
async fn a_customer_without_a_cart_sees_an_empty_one_and_nothing_is_stored() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let before = app.contents().await;

    let cart = ada.get("/cart").await.expect(200);

    let owner = ada.user_id.expect("a customer").uuid();
    assert_eq!(
        cart,
        json!({
            "id": format!("crt_{owner}"),
            "items": [],
            "subtotal": usd(0),
            "item_count": 0,
            "version": 0,
            "updated_at": null,
        })
    );
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn a_cart_shows_all_members_of_its_lines() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let shirt = create_shirt(&admin).await;
    let mug = create_sku(&admin, "MUG", 1800, 5).await;
    add(&ada, "SHIRT-L", 2).await;
    app.advance(std::time::Duration::from_secs(60));
    add(&ada, "MUG", 1).await;

    let cart = ada.get("/cart").await.expect(200);

    assert_eq!(
        cart,
        json!({
            "id": cart["id"],
            "items": [
                {
                    "sku": "SHIRT-L",
                    "product_id": shirt["id"],
                    "name": "Linen Shirt",
                    "image": "https://img.example.com/shirt.jpg",
                    "options": {"size": "L"},
                    "unit_price": usd(2900),
                    "quantity": 2,
                    "line_total": usd(5800),
                    "available": 10,
                    "problem": null,
                },
                {
                    "sku": "MUG",
                    "product_id": mug["id"],
                    "name": "The MUG",
                    "image": null,
                    "options": {},
                    "unit_price": usd(1800),
                    "quantity": 1,
                    "line_total": usd(1800),
                    "available": 5,
                    "problem": null,
                },
            ],
            "subtotal": usd(7600),
            "item_count": 3,
            "version": 2,
            "updated_at": "2026-01-01T00:01:00.000Z",
        })
    );
}

#[tokio::test]
async fn a_line_with_a_changed_price_is_marked_and_counts_at_the_current_price() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let shirt = create_shirt(&admin).await;
    add(&ada, "SHIRT-M", 2).await;

    set_price(&admin, &shirt, 3500).await;

    let cart = ada.get("/cart").await.expect(200);
    assert_eq!(cart["items"][0]["problem"], "price_changed");
    assert_eq!(cart["items"][0]["unit_price"], usd(3500));
    assert_eq!(cart["items"][0]["line_total"], usd(7000));
    assert_eq!(cart["subtotal"], usd(7000));

    set_price(&admin, &shirt, 2900).await;
    let cart = ada.get("/cart").await.expect(200);
    assert_eq!(cart["items"][0]["problem"], json!(null), "back at the line's price");
}

#[tokio::test]
async fn a_line_beyond_stock_is_marked_and_shows_the_stock() {
    let app = App::start().await;
    let (ada, grace) = (app.customer("ada").await, app.customer("grace").await);
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    let four = json!({"product_id": mug["id"], "quantity": 4});
    ada.post("/cart/items", four).await.expect(200);

    for (taken, left, problem) in [(1, 4, json!(null)), (1, 3, json!("out_of_stock"))] {
        grace.post("/orders", order_of(&mug, taken)).await.expect(201);
        let cart = ada.get("/cart").await.expect(200);
        assert_eq!(cart["items"][0]["available"], left);
        assert_eq!(cart["items"][0]["problem"], problem, "{left} left");
        assert_eq!(cart["items"][0]["quantity"], 4);
        assert_eq!(cart["subtotal"], usd(7200));
    }
}

#[tokio::test]
async fn a_line_no_longer_on_sale_stays_unchanged_and_does_not_count() {
    for way in WAYS_OFF_SALE {
        let app = App::start().await;
        let (admin, ada) = (app.admin().await, app.customer("ada").await);
        let shirt = create_shirt(&admin).await;
        create_sku(&admin, "MUG", 1800, 5).await;
        add(&ada, "SHIRT-M", 2).await;
        let before = add(&ada, "MUG", 1).await;

        take_off_sale(&admin, &shirt, way).await;

        let cart = ada.get("/cart").await.expect(200);
        let mut line = before["items"][0].clone();
        line["problem"] = json!("unavailable");
        line["available"] = json!(0);
        assert_eq!(cart["items"][0], line, "{way}");
        assert_eq!(cart["items"][1], before["items"][1], "{way}");
        assert_eq!(cart["subtotal"], usd(1800), "{way}");
    }
}

#[tokio::test]
async fn every_customer_and_admin_has_their_own_cart() {
    let app = App::start().await;
    let (admin, ada, grace) =
        (app.admin().await, app.customer("ada").await, app.customer("grace").await);
    create_sku(&admin, "MUG", 1800, 5).await;
    let adas = add(&ada, "MUG", 1).await;

    for caller in [&admin, &grace] {
        let cart = caller.get("/cart").await.expect(200);
        assert_eq!(cart["items"], json!([]));
        assert_ne!(id(&cart), id(&adas));
    }
    assert_eq!(ada.get("/cart").await.expect(200), adas);
}

#[tokio::test]
async fn a_cart_response_is_private_and_its_etag_has_the_version() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let shirt = create_shirt(&admin).await;
    let empty = ada.get("/cart").await;
    empty.expect_private();
    assert_eq!(empty.version(), "0");

    let added = ada.post("/cart/items", json!({"sku": "SHIRT-M", "quantity": 1})).await;
    let got = ada.get("/cart").await;

    got.expect_private();
    assert_eq!(got.header("content-type"), Some("application/json"));
    assert_eq!(got.version(), "1");
    assert_eq!(got.header("etag"), added.header("etag"), "same version and content, same tag");

    set_price(&admin, &shirt, 3500).await;
    let repriced = ada.get("/cart").await;
    assert_eq!(repriced.version(), "1", "the cart itself has not changed");
    assert_ne!(repriced.header("etag"), got.header("etag"), "but its content has");
}

#[tokio::test]
async fn a_cart_and_its_lines_have_the_members_of_the_contract() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_shirt(&app.admin().await).await;
    let cart = add(&ada, "SHIRT-M", 1).await;

    let of_cart = ["id", "item_count", "items", "subtotal", "updated_at", "version"];
    let of_line = [
        "available",
        "image",
        "line_total",
        "name",
        "options",
        "problem",
        "product_id",
        "quantity",
        "sku",
        "unit_price",
    ];
    assert_eq!(members(&cart), of_cart);
    assert_eq!(members(&cart["items"][0]), of_line);
}

#[tokio::test]
async fn every_invalid_part_of_a_destination_is_named() {
    let app = App::start().await;
    let who = app.anonymous();
    for (query, expected) in [
        ("country=Germany", vec![("country", "invalid_country")]),
        ("country=DE&shipping_method=a%20b", vec![("shipping_method", "invalid_id")]),
        ("country=DE&region=a%00b", vec![("region", "control_character")]),
        ("country=DE&region=a%E2%80%AEb", vec![("region", "bidi_control")]),
        ("country=DE&shipping_method=post", vec![("shipping_method", "unknown_shipping_method")]),
        ("region=NY", vec![("country", "required")]),
        (
            "country=UK&shipping_method=%3F",
            vec![("country", "invalid_country"), ("shipping_method", "invalid_id")],
        ),
    ] {
        let errors = who.get(&format!("/cart?{query}")).await.expect_invalid();
        let expected: Vec<_> =
            expected.into_iter().map(|(at, code)| (at.to_owned(), code.to_owned())).collect();
        assert_eq!(errors, expected, "{query}");
    }
    let long = format!("/cart?country=DE&region={}", "x".repeat(201));
    let errors = who.get(&long).await.expect_invalid();
    assert_eq!(errors, [("region".to_owned(), "too_long".to_owned())]);
}
