//! `POST /orders`

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::store::keys;
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{available, create_product, create_sku, id, members, order_of, product, usd};

use super::path;

/// Adds `quantity` units of a SKU to the cart.
async fn add(caller: &Persona<'_>, sku: &str, quantity: u32) {
    caller.post("/cart/items", json!({"sku": sku, "quantity": quantity})).await.expect(200);
}

/// Changes the price of a product with one variant.
async fn set_price(admin: &Persona<'_>, product: &Value, cents: i64) {
    let body = json!({"name": product["name"], "price": usd(cents)});
    admin.put(&format!("/products/{}", id(product)), body).await.expect(200);
}

fn address() -> Value {
    json!({
        "label": "Home",
        "name": "Ada Lovelace",
        "line1": "12 St James's Square",
        "line2": null,
        "city": "London",
        "region": null,
        "postal_code": "SW1Y 4JH",
        "country": "GB",
    })
}

/// Creates a product with `sizes` variants, SKUs `SHOE-1` and so on, 9 units of each.
async fn create_shoes(admin: &Persona<'_>, sizes: u32) {
    let variant = |size: u32| {
        let options = json!({"size": size.to_string()});
        json!({"sku": format!("SHOE-{size}"), "options": options, "stock": 9})
    };
    let variants: Vec<_> = (1..=sizes).map(variant).collect();
    create_product(admin, json!({"name": "Shoe", "price": usd(9900), "variants": variants})).await;
}

#[tokio::test]
async fn the_cart_becomes_an_order() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let shirt = create_product(
        &admin,
        json!({
            "name": "Linen Shirt",
            "price": usd(2900),
            "variants": [{"sku": "SHIRT-M", "options": {"size": "M"}, "stock": 10}],
        }),
    )
    .await;
    let mug = create_sku(&admin, "MUG", 1800, 5).await;
    add(&ada, "SHIRT-M", 2).await;
    add(&ada, "MUG", 1).await;

    let answer = ada.post("/orders", json!({})).await;

    answer.expect_private();
    assert_eq!(answer.version(), "1");
    assert_eq!(answer.header("idempotent-replayed"), None);
    let location = answer.header("location").map(str::to_owned);
    let order = answer.expect(201);
    assert_eq!(location, Some(path(&order)));
    assert!(id(&order).starts_with("ord_"));
    assert_eq!(
        order,
        json!({
            "id": order["id"],
            "number": order["number"],
            "user_id": ada.user_id,
            "email": order["email"],
            "status": "pending_payment",
            "payment_status": "unpaid",
            "items": [
                {
                    "sku": "SHIRT-M",
                    "product_id": shirt["id"],
                    "name": "Linen Shirt",
                    "options": {"size": "M"},
                    "unit_price": usd(2900),
                    "quantity": 2,
                    "line_total": usd(5800),
                    "tax": usd(0),
                    "refunded_quantity": 0,
                    "restocked_quantity": 0,
                },
                {
                    "sku": "MUG",
                    "product_id": mug["id"],
                    "name": "The MUG",
                    "options": {},
                    "unit_price": usd(1800),
                    "quantity": 1,
                    "line_total": usd(1800),
                    "tax": usd(0),
                    "refunded_quantity": 0,
                    "restocked_quantity": 0,
                },
            ],
            "subtotal": usd(7600),
            "shipping": null,
            "tax": usd(0),
            "taxes": [],
            "prices_include_tax": false,
            "total": usd(7600),
            "payment": {"method": "manual", "status": "unpaid"},
            "shipping_address": null,
            "tracking": null,
            "history": [
                {"status": "pending_payment", "at": "2026-01-01T00:00:00.000Z", "note": null},
            ],
            "allowed_transitions": ["cancelled"],
            "expires_at": "2026-01-08T00:00:00.000Z",
            "version": 1,
            "placed_at": "2026-01-01T00:00:00.000Z",
            "updated_at": "2026-01-01T00:00:00.000Z",
        })
    );
    assert_eq!(
        ada.get(&path(&order)).await.expect(200),
        order,
        "the stored order equals the response"
    );
    assert_eq!(available(&ada, &shirt).await, 8);
    assert_eq!(available(&ada, &mug).await, 4);
}

#[tokio::test]
async fn an_order_and_its_lines_have_the_members_of_the_contract() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    let order = ada.post("/orders", order_of(&mug, 1)).await.expect(201);

    let of_order = [
        "allowed_transitions",
        "email",
        "expires_at",
        "history",
        "id",
        "items",
        "number",
        "payment",
        "payment_status",
        "placed_at",
        "prices_include_tax",
        "shipping",
        "shipping_address",
        "status",
        "subtotal",
        "tax",
        "taxes",
        "total",
        "tracking",
        "updated_at",
        "user_id",
        "version",
    ];
    let of_line = [
        "line_total",
        "name",
        "options",
        "product_id",
        "quantity",
        "refunded_quantity",
        "restocked_quantity",
        "sku",
        "tax",
        "unit_price",
    ];
    assert_eq!(members(&order), of_order);
    assert_eq!(members(&order["items"][0]), of_line);
}

#[tokio::test]
async fn a_cart_is_ordered_once() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_sku(&app.admin().await, "MUG", 1800, 5).await;
    add(&ada, "MUG", 2).await;
    let before = ada.get("/cart").await.expect(200);

    ada.post("/orders", json!({})).await.expect(201);

    let cart = ada.get("/cart").await.expect(200);
    assert_eq!(cart["items"], json!([]));
    assert_eq!((&cart["id"], &cart["version"]), (&before["id"], &json!(2)));
    ada.post("/orders", json!({})).await.expect_problem(409, "cart_empty");
}

#[tokio::test]
async fn ordering_items_by_sku_or_product_does_not_change_the_cart() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 5).await;
    let bowl = create_sku(&admin, "BOWL", 2400, 5).await;
    add(&ada, "BOWL", 3).await;
    let cart = ada.get("/cart").await.expect(200);

    let items = json!([{"sku": "MUG", "quantity": 1}, {"product_id": bowl["id"], "quantity": 2}]);
    let order = ada.post("/orders", json!({"items": items})).await.expect(201);

    assert_eq!(order["items"][0]["sku"], "MUG");
    assert_eq!(order["items"][1]["sku"], "BOWL");
    assert_eq!(order["total"], usd(1800 + 2 * 2400));
    assert_eq!((available(&ada, &mug).await, available(&ada, &bowl).await), (4, 3));
    let after = ada.get("/cart").await.expect(200);
    assert_eq!(after["items"][0]["quantity"], cart["items"][0]["quantity"]);
    assert_eq!(after["version"], cart["version"]);
}

#[tokio::test]
async fn a_sku_and_its_products_identifier_are_merged_into_one_line() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_sku(&app.admin().await, "MUG", 1800, 5).await;

    let items = json!([{"sku": "MUG", "quantity": 1}, {"product_id": mug["id"], "quantity": 2}]);
    let order = ada.post("/orders", json!({"items": items})).await.expect(201);

    assert_eq!(order["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(order["items"][0]["quantity"], 3);
}

#[tokio::test]
async fn an_order_writes_one_message() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 5)).await;
    let before = app.contents().await;

    let order = ada.post("/orders", order_of(&mug, 1)).await.expect(201);

    let after = app.contents().await;
    let new: Vec<_> = after.iter().filter(|(key, _)| !before.contains_key(*key)).collect();
    let messages: Vec<_> = new
        .iter()
        .filter(|(_, item)| item["type"] == AttributeValue::S("message".into()))
        .collect();
    assert_eq!(messages.len(), 1, "{new:?}");
    let event = messages[0].1["event"].as_m().expect("an event");
    assert_eq!(event["kind"], AttributeValue::S("order_placed".into()));
    assert_eq!(event["order_id"], AttributeValue::S(id(&order).into()));
}

#[tokio::test]
async fn an_empty_cart_can_not_be_ordered() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    create_sku(&app.admin().await, "MUG", 1800, 5).await;

    ada.post("/orders", json!({})).await.expect_problem(409, "cart_empty");

    add(&ada, "MUG", 1).await;
    ada.delete("/cart").await.expect(200);
    let before = app.contents().await;
    ada.post("/orders", json!({"items": null})).await.expect_problem(409, "cart_empty");
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn every_line_beyond_stock_is_listed_and_no_stock_is_taken() {
    let app = App::start().await;
    let (admin, ada, grace) =
        (app.admin().await, app.customer("ada").await, app.customer("grace").await);
    for (sku, stock) in [("MUG", 5), ("BOWL", 3), ("PLATE", 8)] {
        create_sku(&admin, sku, 1800, stock).await;
        add(&ada, sku, 3).await;
    }
    let others = json!([{"sku": "MUG", "quantity": 4}, {"sku": "BOWL", "quantity": 3}]);
    grace.post("/orders", json!({"items": others})).await.expect(201);
    let before = app.contents().await;
    let short = json!([
        {"sku": "MUG", "requested": 3, "available": 1},
        {"sku": "BOWL", "requested": 3, "available": 0},
    ]);

    let of_cart = ada.post("/orders", json!({})).await;
    let items = ["MUG", "BOWL", "PLATE"].map(|sku| json!({"sku": sku, "quantity": 3}));
    let of_items = ada.post("/orders", json!({"items": items})).await;

    assert_eq!(of_cart.expect_problem(409, "out_of_stock")["lines"], short);
    assert_eq!(of_items.expect_problem(409, "out_of_stock")["lines"], short);
    assert_eq!(app.contents().await, before, "the cart is unchanged too");
}

#[tokio::test]
async fn every_item_not_on_sale_is_listed_and_no_stock_is_taken() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    create_sku(&admin, "MUG", 1800, 5).await;
    create_sku(&admin, "BOWL", 1800, 0).await;
    let mut draft = product("Secret", 1800, 5);
    draft["status"] = json!("draft");
    let draft = create_product(&admin, draft).await;
    let gone = create_product(&admin, product("Gone", 1800, 5)).await;
    admin.delete(&format!("/products/{}", id(&gone))).await.expect(204);
    let before = app.contents().await;

    let items = json!([
        {"sku": "MUG", "quantity": 1},
        {"sku": "TEAPOT", "quantity": 2},
        {"product_id": draft["id"], "quantity": 3},
        {"sku": "BOWL", "quantity": 1},
        {"product_id": gone["id"], "quantity": 4},
    ]);
    let answer = ada.post("/orders", json!({"items": items})).await;

    let problem = answer.expect_problem(409, "unavailable");
    assert_eq!(
        problem["lines"],
        json!([
            {"sku": "TEAPOT", "requested": 2, "available": 0},
            {"product_id": draft["id"], "requested": 3, "available": 0},
            {"product_id": gone["id"], "requested": 4, "available": 0},
        ])
    );
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn every_cart_line_no_longer_on_sale_is_listed() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    create_sku(&admin, "MUG", 1800, 5).await;
    let draft = create_sku(&admin, "BOWL", 2400, 5).await;
    let gone = create_sku(&admin, "PLATE", 1500, 5).await;
    for sku in ["MUG", "BOWL", "PLATE"] {
        add(&ada, sku, 2).await;
    }
    let hidden = json!({"name": "Bowl", "price": usd(2400), "status": "draft"});
    admin.put(&format!("/products/{}", id(&draft)), hidden).await.expect(200);
    admin.delete(&format!("/products/{}", id(&gone))).await.expect(204);
    let shown = ada.get("/cart").await.expect(200)["subtotal"].clone();
    assert_eq!(shown, usd(3600), "a line not on sale does not count");
    let before = app.contents().await;

    for body in [json!({}), json!({"expected_total": shown})] {
        let problem = ada.post("/orders", body.clone()).await.expect_problem(409, "unavailable");
        assert_eq!(
            problem["lines"],
            json!([
                {"sku": "BOWL", "requested": 2, "available": 0},
                {"sku": "PLATE", "requested": 2, "available": 0},
            ]),
            "{body}"
        );
    }
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn an_order_has_the_current_price_whatever_the_cart_shows() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 9).await;
    for (cents, body, what) in [
        (2000, json!({}), "nothing expected"),
        (1700, json!({"expected_total": usd(3400)}), "the current price expected"),
    ] {
        add(&ada, "MUG", 2).await;
        set_price(&admin, &mug, cents).await;

        let order = ada.post("/orders", body).await.expect(201);

        assert_eq!(order["total"], usd(2 * cents), "{what}");
        assert_eq!(order["items"][0]["unit_price"], usd(cents), "{what}");
    }
}

#[tokio::test]
async fn an_order_with_another_total_than_expected_is_not_placed() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 9).await;
    add(&ada, "MUG", 2).await;
    set_price(&admin, &mug, 2000).await;
    let before = app.contents().await;
    let items = json!([{"sku": "MUG", "quantity": 2}]);
    for (body, expected, what) in [
        (json!({}), usd(3600), "the price in the cart's line"),
        (json!({}), usd(0), "nothing"),
        (json!({"items": items}), usd(3999), "a cent too little"),
        (json!({"items": items}), usd(4001), "a cent too much"),
    ] {
        let mut body = body;
        body["expected_total"] = expected.clone();
        let answer = ada.post("/orders", body).await;
        assert_eq!(answer.status, 409, "{what}: {answer:?}");
        let problem = answer.expect_problem(409, "price_changed");
        assert_eq!((&problem["expected"], &problem["actual"]), (&expected, &usd(4000)), "{what}");
    }
    assert_eq!(app.contents().await, before);
    let right = json!({"items": items, "expected_total": usd(4000)});
    ada.post("/orders", right).await.expect(201);
}

#[tokio::test]
async fn the_requests_address_takes_precedence_over_the_customers_default() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
    let mut body = order_of(&mug, 1);
    let nowhere = ada.post("/orders", body.clone()).await.expect(201);
    assert_eq!(nowhere["shipping_address"], json!(null), "she has no address");

    let (home, office) = (
        address(),
        json!({"name": "Ada", "line1": "2 Office Row", "city": "Bath", "country": "GB"}),
    );
    store_addresses(&app, &ada, &[home.clone(), office.clone()]).await;

    let default = ada.post("/orders", body.clone()).await.expect(201);
    assert_eq!(default["shipping_address"], home, "her first");

    body["shipping_address"] = office;
    let own = ada.post("/orders", body).await.expect(201);
    assert_eq!(
        own["shipping_address"],
        json!({
            "label": null,
            "name": "Ada",
            "line1": "2 Office Row",
            "line2": null,
            "city": "Bath",
            "region": null,
            "postal_code": null,
            "country": "GB",
        })
    );
    assert_eq!(ada.get(&path(&own)).await.expect(200), own);
    assert_eq!(ada.get(&path(&nowhere)).await.expect(200), nowhere, "orders keep their address");
}

/// Stores an address book.
async fn store_addresses(app: &App, caller: &Persona<'_>, addresses: &[Value]) {
    let text = |value: &Value| match value.as_str() {
        Some(text) => AttributeValue::S(text.to_owned()),
        None => AttributeValue::Null(true),
    };
    let item = |address: &Value| {
        let members = address.as_object().expect("an address").iter();
        AttributeValue::M(members.map(|(name, value)| (name.clone(), text(value))).collect())
    };
    let key = keys::profile(caller.user_id.expect("a customer"));
    let update = app.client.update_item().table_name(&app.table);
    update
        .key("pk", AttributeValue::S(key.pk))
        .key("sk", AttributeValue::S(key.sk))
        .update_expression("SET addresses = :addresses")
        .expression_attribute_values(
            ":addresses",
            AttributeValue::L(addresses.iter().map(item).collect()),
        )
        .send()
        .await
        .expect("an address book");
}

#[tokio::test]
async fn an_incomplete_address_is_rejected() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
    let before = app.contents().await;
    for (member, value, code) in [
        ("name", json!(null), "wrong_type"),
        ("name", json!(" "), "too_short"),
        ("line1", json!(""), "too_short"),
        ("line1", json!("x".repeat(201)), "too_long"),
        ("line2", json!(7), "wrong_type"),
        ("city", json!("Lon\ndon"), "control_character"),
        ("region", json!(["Greater London"]), "wrong_type"),
        ("postal_code", json!("x".repeat(61)), "too_long"),
        ("country", json!("England"), "invalid_country"),
        ("country", json!("UK"), "invalid_country"),
        ("planet", json!("Earth"), "unknown_field"),
    ] {
        let mut body = order_of(&mug, 1);
        body["shipping_address"] = address();
        body["shipping_address"][member] = value.clone();
        let invalid = ada.post("/orders", body).await.expect_invalid();
        let pointer = format!("/shipping_address/{member}");
        assert_eq!(invalid, [(pointer, code.to_owned())], "{value}");
    }
    let mut body = order_of(&mug, 1);
    body["shipping_address"] = json!({});
    let pointers: Vec<_> = ada.post("/orders", body).await.expect_invalid();
    let required = ["city", "country", "line1", "name"]
        .map(|member| (format!("/shipping_address/{member}"), "required".to_owned()));
    assert_eq!(pointers, required, "everything that is missing at once");
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn card_payments_are_rejected() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
    let before = app.contents().await;
    for (name, value, code, what) in [
        ("payment_method", json!("card"), "payment_method_not_enabled", "a card"),
        ("payment_token", json!("pm_card_visa"), "unexpected", "a card's token"),
        ("payment_method", json!("barter"), "unknown_value", "an unknown method"),
        ("payment_method", json!(1), "wrong_type", "a number"),
        ("payment_token", json!(1), "wrong_type", "a number for a token"),
    ] {
        let mut body = order_of(&mug, 1);
        body[name] = value;
        let invalid = ada.post("/orders", body).await.expect_invalid();
        assert_eq!(invalid, [(format!("/{name}"), code.to_owned())], "{what}");
    }
    assert_eq!(app.contents().await, before);

    let mut body = order_of(&mug, 1);
    body["payment_method"] = json!("manual");
    let order = ada.post("/orders", body).await.expect(201);
    assert_eq!(order["payment"]["method"], "manual");
}

#[tokio::test]
async fn invalid_items_are_rejected_with_their_pointers() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 5000).await;
    create_shoes(&admin, 2).await;
    let shoes = ada.get("/products").await.expect(200)["data"].clone();
    let shoe = shoes.as_array().expect("products").iter().find(|card| card["name"] == "Shoe");
    let shoe = id(shoe.expect("the shoe")).to_owned();
    let before = app.contents().await;
    let one = json!({"sku": "MUG", "quantity": 1});
    let most = json!({"sku": "MUG", "quantity": 999});
    for (items, pointer, code, what) in [
        (json!([]), "/items", "wrong_length", "no items"),
        (json!(vec![&one; 41]), "/items", "wrong_length", "41 items"),
        (json!(one), "/items", "wrong_type", "no array"),
        (json!([7]), "/items/0", "wrong_type", "a number for an item"),
        (json!([{"quantity": 1}]), "/items/0/sku", "sku_or_product_id", "neither identifier"),
        (
            json!([one, {"sku": "MUG", "product_id": mug["id"], "quantity": 1}]),
            "/items/1/sku",
            "sku_or_product_id",
            "both identifiers",
        ),
        (json!([{"sku": "MUG"}]), "/items/0/quantity", "required", "no quantity"),
        (
            json!([most, one]),
            "/items/1/quantity",
            "quantity_out_of_range",
            "1,000 units in two items",
        ),
        (
            json!([{"product_id": shoe, "quantity": 1}]),
            "/items/0/product_id",
            "variant_required",
            "a product with two variants",
        ),
        (
            json!([{"sku": "MUG", "quantity": 1, "unit_price": usd(1)}]),
            "/items/0/unit_price",
            "unknown_field",
            "a price in the request",
        ),
    ] {
        let answer = ada.post("/orders", json!({"items": items})).await;
        assert_eq!(answer.status, 422, "{what}: {answer:?}");
        assert_eq!(answer.expect_invalid(), [(pointer.to_owned(), code.to_owned())], "{what}");
    }
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn all_broken_rules_are_reported_at_once() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_sku(&app.admin().await, "MUG", 1800, 9).await;
    let body = json!({
        "items": [
            {"quantity": 1},
            {"sku": "MUG", "quantity": 1},
            {"sku": "MUG", "product_id": mug["id"], "quantity": 1},
        ],
        "payment_method": "card",
        "expected_total": {"amount": 1800, "currency": "EUR"},
    });

    let answer = ada.post("/orders", body).await;

    assert_eq!(answer.body["code"], "invalid_input");
    let expected = [
        ("/expected_total/currency", "wrong_currency"),
        ("/items/0/sku", "sku_or_product_id"),
        ("/items/2/sku", "sku_or_product_id"),
    ];
    let expected = expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned()));
    assert_eq!(answer.expect_invalid(), expected);
}

#[tokio::test]
async fn unreadable_members_and_broken_rules_are_reported_at_once() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_sku(&app.admin().await, "MUG", 1800, 9).await;
    let mut items = vec![json!({"sku": "MUG", "quantity": 1}); 41];
    items[0] = json!({"quantity": 0, "price": 1});
    items[1] = json!({"sku": "MUG", "product_id": mug["id"], "quantity": 1000});
    items[2] = json!({"sku": "M G", "quantity": 1});
    items[3] = json!({"sku": "M G", "product_id": mug["id"], "quantity": 1});
    items[4] = json!(null);
    let body = json!({
        "items": items,
        "payment_method": "card",
        "payment_token": 5,
        "shipping_address": {},
        "expected_total": {"amount": -1, "currency": "EUR"},
        "total": 5,
    });

    let answer = ada.post("/orders", body).await;

    assert_eq!(
        answer.broken(),
        "/expected_total/amount negative, /items wrong_length, /items/0/price unknown_field, \
         /items/0/quantity quantity_out_of_range, /items/0/sku sku_or_product_id, \
         /items/1/quantity quantity_out_of_range, /items/1/sku sku_or_product_id, \
         /items/2/sku invalid_sku, /items/3/sku invalid_sku, /items/3/sku sku_or_product_id, \
         /items/4 wrong_type, /payment_token wrong_type, /shipping_address/city required, \
         /shipping_address/country required, /shipping_address/line1 required, \
         /shipping_address/name required, /total unknown_field"
    );
    let body = json!({
        "items": [],
        "payment_token": "pm_card_visa",
        "shipping_address": 5,
        "expected_total": {"amount": 1, "currency": "EUR"},
    });
    assert_eq!(
        ada.post("/orders", body).await.broken(),
        "/expected_total/currency wrong_currency, /items wrong_length, \
         /payment_token unexpected, /shipping_address wrong_type"
    );
}

#[tokio::test]
async fn members_that_only_the_shop_sets_are_rejected() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
    let before = app.contents().await;
    for (name, value) in [
        ("id", json!("ord_01890a5d-ac96-774b-bcce-b302099a8057")),
        ("user_id", json!("usr_01890a5d-ac96-774b-bcce-b302099a8057")),
        ("status", json!("paid")),
        ("payment_status", json!("paid")),
        ("total", usd(1)),
        ("version", json!(7)),
    ] {
        let mut body = order_of(&mug, 1);
        body[name] = value;
        let invalid = ada.post("/orders", body).await.expect_invalid();
        assert_eq!(invalid, [(format!("/{name}"), "unknown_field".to_owned())]);
    }
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn an_invalid_expected_total_is_rejected() {
    let app = App::start().await;
    let ada = app.customer("ada").await;
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 9)).await;
    let before = app.contents().await;
    for (total, pointer, code) in [
        (json!({"amount": 1800, "currency": "EUR"}), "/currency", "wrong_currency"),
        (json!({"amount": 1800, "currency": "usd"}), "/currency", "unknown_currency"),
        (json!({"amount": 18.0, "currency": "USD"}), "/amount", "not_minor_units"),
        (json!({"amount": -1, "currency": "USD"}), "/amount", "negative"),
        (json!({"amount": 1800}), "/currency", "required"),
        (json!(1800), "", "wrong_type"),
    ] {
        let mut body = order_of(&mug, 1);
        body["expected_total"] = total.clone();
        let invalid = ada.post("/orders", body).await.expect_invalid();
        let pointer = format!("/expected_total{pointer}");
        assert_eq!(invalid, [(pointer, code.to_owned())], "{total}");
    }
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn any_total_that_the_shop_shows_can_be_the_expected_total() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    create_sku(&admin, "YACHT", 60_000_000_000, 5).await;
    add(&ada, "YACHT", 2).await;
    let shown = ada.get("/cart").await.expect(200)["subtotal"].clone();
    assert_eq!(shown, usd(120_000_000_000));

    let order = ada.post("/orders", json!({"expected_total": shown})).await.expect(201);

    assert_eq!(order["total"], shown);
    let line = json!({"sku": "YACHT", "quantity": 1});
    for (cents, status, what) in [
        (9_007_199_254_740_991_i64, 409, "the largest integer of JavaScript"),
        (9_007_199_254_740_992, 422, "one more"),
    ] {
        let body = json!({"items": [line], "expected_total": usd(cents)});
        let answer = ada.post("/orders", body).await;
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        if status == 422 {
            assert_eq!(answer.broken(), "/expected_total/amount too_large", "{what}");
        }
    }
}

#[tokio::test]
async fn forty_lines_are_one_order() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    create_shoes(&admin, 40).await;
    let sku = |size: u32| json!({"sku": format!("SHOE-{size}"), "quantity": 2});
    let items: Vec<_> = (1..=40).map(sku).collect();

    let order = ada.post("/orders", json!({"items": items})).await.expect(201);

    assert_eq!(order["items"].as_array().map(Vec::len), Some(40));
    assert_eq!(order["total"], usd(40 * 2 * 9900));
    let cancelled = ada.delete(&path(&order)).await.expect(200);
    assert_eq!(cancelled["status"], "cancelled", "and cancelled at once, too");
}

#[tokio::test]
async fn a_sixth_unpaid_order_is_a_conflict() {
    let app = App::start().await;
    let (ada, grace) = (app.customer("ada").await, app.customer("grace").await);
    let mug = create_product(&app.admin().await, product("Stoneware Mug", 1800, 20)).await;
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.push(ada.post("/orders", order_of(&mug, 1)).await.expect(201));
        app.advance(Duration::from_secs(1));
    }
    let before = app.contents().await;

    let sixth = ada.post("/orders", order_of(&mug, 1)).await;

    sixth.expect_problem(409, "too_many_unpaid_orders");
    assert_eq!(app.contents().await, before);
    grace.post("/orders", order_of(&mug, 1)).await.expect(201);
    ada.delete(&path(&orders[2])).await.expect(200);
    ada.post("/orders", order_of(&mug, 1)).await.expect(201);
}
