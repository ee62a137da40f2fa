//! Shipping and taxes: what a cart shows for a destination, and what an order then costs.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::domain::cart_key::CartKey;
use shared::domain::order::PaymentMethod;
use shared::store::keys;
use tests::app::{App, AppBuilder};
use tests::gate::Faults;
use tests::persona::Persona;
use tests::samples::{create_product, create_sku, id, usd};

/// A shop in which guests may order without paying at once.
fn open_shop() -> AppBuilder {
    App::builder().configure(|config| config.payment_methods.guests = vec![PaymentMethod::Manual])
}

fn tax(country: &str, region: Option<&str>, class: Option<&str>, percent: &str) -> Value {
    json!({
        "country": country,
        "region": region,
        "class": class,
        "name": "Tax",
        "percent": percent,
        "on_shipping": true,
    })
}

/// Settings of a shop that ships by post for 5 dollars, and to the US also by courier for 20, with
/// a reduced rate for books in Germany and sales tax in New York.
fn settings(prices_include_tax: bool) -> Value {
    json!({
        "prices_include_tax": prices_include_tax,
        "shipping_methods": [
            {"id": "post", "name": "Post", "price": usd(500), "free_from": usd(10_000)},
            {"id": "courier", "name": "Courier", "countries": ["US"], "price": usd(2000)},
        ],
        "taxes": [
            tax("DE", None, None, "19"),
            tax("DE", None, Some("books"), "7"),
            tax("US", Some("NY"), None, "8.875"),
        ],
    })
}

/// Changes the settings, and waits until every read shows them.
async fn change_settings(app: &App, admin: &Persona<'_>, version: u64, settings: &Value) {
    let tag = format!("\"{version}\"");
    let call = admin.call("PUT", "/settings").header("if-match", &tag).json(settings);
    call.send().await.expect(200);
    app.advance(Duration::from_secs(2));
}

fn address(country: &str, region: Option<&str>) -> Value {
    json!({
        "name": "Ada Lovelace",
        "line1": "12 St James's Square",
        "city": "London",
        "region": region,
        "country": country,
    })
}

/// Creates the mug and the book, and a customer who has two mugs and a book in the cart.
async fn shop(app: &App) -> (Persona<'_>, Persona<'_>) {
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    create_sku(&admin, "MUG", 1050, 50).await;
    let variants = json!([{"sku": "BOOK", "stock": 50}]);
    let book = json!({
        "name": "Book", "price": usd(1299), "tax_class": "Books", "variants": variants,
    });
    create_product(&admin, book).await;
    for (sku, quantity) in [("MUG", 2), ("BOOK", 1)] {
        add(&ada, sku, quantity).await;
    }
    (admin, ada)
}

async fn add(who: &Persona<'_>, sku: &str, quantity: u32) {
    who.post("/cart/items", json!({"sku": sku, "quantity": quantity})).await.expect(200);
}

/// Returns the members of a cart or an order that say what it costs, but for the lines.
fn costs(resource: &Value) -> Value {
    let names = ["subtotal", "shipping", "tax", "taxes", "total"];
    names.into_iter().map(|name| (name.to_owned(), resource[name].clone())).collect()
}

#[tokio::test]
async fn an_order_costs_what_the_cart_said_for_its_destination() {
    let app = App::start().await;
    let (admin, ada) = shop(&app).await;
    change_settings(&app, &admin, 0, &settings(true)).await;

    let cart = ada.get("/cart?country=DE&shipping_method=post").await.expect(200);

    let offered = json!([{"id": "post", "name": "Post", "price": usd(500)}]);
    assert_eq!(cart["shipping_methods"], offered);
    // 2100 × 19 / 119 = 335.29, 1299 × 7 / 107 = 84.98, 500 × 19 / 119 = 79.83.
    let expected = json!({
        "subtotal": usd(3399),
        "shipping": {"id": "post", "name": "Post", "price": usd(500), "tax": usd(80)},
        "tax": usd(335 + 85 + 80),
        "taxes": [
            {"name": "Tax", "percent": "19", "base": usd(1765 + 420), "amount": usd(335 + 80)},
            {"name": "Tax", "percent": "7", "base": usd(1214), "amount": usd(85)},
        ],
        "total": usd(3899),
    });
    assert_eq!(costs(&cart), expected);

    let order = json!({
        "shipping_address": address("DE", None),
        "shipping_method": "post",
        "expected_total": cart["total"],
    });
    let order = ada.post("/orders", order).await.expect(201);
    assert_eq!(costs(&order), expected);
    assert_eq!(order["prices_include_tax"], true);
    let taxes: Vec<_> =
        order["items"].as_array().expect("lines").iter().map(|it| &it["tax"]).collect();
    assert_eq!(taxes, [&usd(335), &usd(85)]);

    change_settings(&app, &admin, 1, &settings(false)).await;
    let path = format!("/orders/{}", id(&order));
    assert_eq!(ada.get(&path).await.expect(200), order, "it keeps what it was computed from");
    let listed = ada.get("/orders").await.expect(200)["data"][0].clone();
    assert_eq!(costs(&listed), expected);
}

#[tokio::test]
async fn sales_tax_is_on_top_and_depends_on_the_region() {
    let app = App::start().await;
    let (admin, ada) = shop(&app).await;
    change_settings(&app, &admin, 0, &settings(false)).await;
    let cart = ada.get("/cart?country=us&region=ny&shipping_method=courier").await.expect(200);
    // 2100 × 8.875 % = 186.375, 1299 × 8.875 % = 115.29, 2000 × 8.875 % = 177.5.
    let (tax, total) = (186 + 115 + 178, 2100 + 1299 + 2000 + 186 + 115 + 178);
    assert_eq!((&cart["tax"], &cart["total"]), (&usd(tax), &usd(total)));

    let unknown = ada.get("/cart?country=US&region=New%20York").await;
    unknown.expect_problem(422, "region_code_required");
    let elsewhere = ada.get("/cart?country=US&region=TX&shipping_method=post").await.expect(200);
    assert_eq!((&elsewhere["taxes"], &elsewhere["total"]), (&json!([]), &usd(3899)));

    let order =
        |region| json!({"shipping_address": address("US", region), "shipping_method": "courier"});
    for region in [None, Some("New York")] {
        let refused = ada.post("/orders", order(region)).await;
        let errors = [("/shipping_address/region".to_owned(), "region_code_required".to_owned())];
        assert_eq!(refused.expect_invalid(), errors);
    }
    let placed = ada.post("/orders", order(Some("NY"))).await.expect(201);
    assert_eq!((&placed["tax"], &placed["total"]), (&usd(tax), &usd(total)));
}

#[tokio::test]
async fn a_shop_that_ships_needs_an_address_and_a_method_for_its_country() {
    let app = App::start().await;
    let (admin, ada) = shop(&app).await;
    change_settings(&app, &admin, 0, &settings(true)).await;
    let place = |body: Value| ada.post("/orders", body);

    place(json!({"shipping_method": "post"}))
        .await
        .expect_problem(422, "shipping_address_required");
    let germany = address("DE", None);
    let missing = place(json!({"shipping_address": germany})).await;
    let missing = missing.expect_problem(422, "shipping_method_required");
    let offered = json!([{"id": "post", "name": "Post", "price": usd(500)}]);
    assert_eq!(missing["shipping_methods"], offered);
    let courier = json!({"shipping_address": germany, "shipping_method": "courier"});
    let unknown = place(courier).await.expect_problem(422, "unknown_shipping_method");
    assert_eq!(unknown["shipping_methods"], offered);
    let unknown = ada.get("/cart?country=DE&shipping_method=courier").await;
    assert_eq!(unknown.expect_problem(422, "unknown_shipping_method")["shipping_methods"], offered);
    ada.get("/cart?shipping_method=post").await.expect_problem(422, "required");

    let book = json!({"addresses": [germany]});
    ada.patch("/users/me", book).await.expect(200);
    let placed = place(json!({"shipping_method": "post"})).await.expect(201);
    assert_eq!(placed["shipping_address"]["country"], "DE", "the default address counts");
}

#[tokio::test]
async fn shipping_is_free_from_the_subtotal_that_the_shop_names() {
    let app = App::start().await;
    let (admin, ada) = shop(&app).await;
    change_settings(&app, &admin, 0, &settings(true)).await;
    add(&ada, "MUG", 7).await;
    let cart = ada.get("/cart?country=DE&shipping_method=post").await.expect(200);
    assert_eq!(cart["subtotal"], usd(9 * 1050 + 1299));
    let free = json!({"id": "post", "name": "Post", "price": usd(0), "tax": usd(0)});
    assert_eq!((&cart["shipping"], &cart["total"]), (&free, &cart["subtotal"]));
    assert_eq!(cart["shipping_methods"][0]["price"], usd(0));
}

#[tokio::test]
async fn settings_that_changed_after_the_cart_was_shown_are_a_changed_price() {
    let app = App::start().await;
    let (admin, ada) = shop(&app).await;
    change_settings(&app, &admin, 0, &settings(true)).await;
    let cart = ada.get("/cart?country=DE&shipping_method=post").await.expect(200);
    let mut dearer = settings(true);
    dearer["shipping_methods"][0]["price"] = usd(600);
    change_settings(&app, &admin, 1, &dearer).await;

    let order = json!({
        "shipping_address": address("DE", None),
        "shipping_method": "post",
        "expected_total": cart["total"],
    });
    let changed = ada.post("/orders", order).await.expect_problem(409, "price_changed");

    assert_eq!((&changed["expected"], &changed["actual"]), (&usd(3899), &usd(3999)));
}

#[tokio::test]
async fn the_tax_class_of_now_counts_not_that_of_when_it_was_put_in() {
    let app = App::start().await;
    let (admin, ada) = shop(&app).await;
    change_settings(&app, &admin, 0, &settings(false)).await;
    let book = admin.get("/products").await.expect(200)["data"].clone();
    let book = book.as_array().expect("products").iter().find(|it| it["name"] == "Book");
    let path = format!("/products/{}", id(book.expect("the book")));
    let mut product = admin.get(&path).await.expect(200);
    product["tax_class"] = json!(null);
    admin.put(&path, product).await.expect(200);
    app.advance(Duration::from_secs(2));

    let cart = ada.get("/cart?country=DE&shipping_method=post").await.expect(200);
    // All of it at 19 percent: 399 + 247 (of 246.81) + 95.
    assert_eq!(cart["tax"], usd(399 + 247 + 95));
    let order = json!({"shipping_address": address("DE", None), "shipping_method": "post"});
    assert_eq!(ada.post("/orders", order).await.expect(201)["tax"], cart["tax"]);
}

#[tokio::test]
async fn guests_pay_shipping_and_tax_too_and_a_replay_says_the_same() {
    let app = open_shop().start().await;
    let (admin, _) = shop(&app).await;
    change_settings(&app, &admin, 0, &settings(true)).await;
    let guest = app.anonymous().with_new_cart("BOOK", 3).await;
    let order = json!({
        "email": "guest@example.com",
        "shipping_address": address("DE", None),
        "shipping_method": "post",
    });
    let place = || guest.call("POST", "/orders").header("idempotency-key", "key").json(&order);
    let placed = place().send().await.expect(201);
    assert_eq!(placed["total"], usd(3 * 1299 + 500));
    let nothing = json!({"prices_include_tax": false, "shipping_methods": [], "taxes": []});
    change_settings(&app, &admin, 1, &nothing).await;
    assert_eq!(place().send().await.expect(201), placed);
}

#[tokio::test]
async fn mails_show_shipping_and_taxes() {
    for (is_included, expected) in [
        (
            true,
            "2 × The MUG: 21.00 USD\n1 × Book: 12.99 USD\nShipping (Post): 5.00 USD\n\
             Total: 38.99 USD\nIncluding Tax (19 %): 4.15 USD\nIncluding Tax (7 %): 0.85 USD\n",
        ),
        (
            false,
            "2 × The MUG: 21.00 USD\n1 × Book: 12.99 USD\nShipping (Post): 5.00 USD\n\
             Tax (19 %): 4.94 USD\nTax (7 %): 0.91 USD\nTotal: 44.84 USD\n",
        ),
    ] {
        let app = open_shop().start().await;
        let (admin, _) = shop(&app).await;
        change_settings(&app, &admin, 0, &settings(is_included)).await;
        let order = json!({
            "items": [{"sku": "MUG", "quantity": 2}, {"sku": "BOOK", "quantity": 1}],
            "email": "guest@example.com",
            "shipping_address": address("DE", None),
            "shipping_method": "post",
        });
        app.anonymous().post("/orders", order).await.expect(201);
        assert_eq!(app.deliver_mail().await, [""; 0]);
        let mail = app.mail_to("guest@example.com");
        assert!(mail.text.contains(expected), "{}", mail.text);
        let rows = expected.lines().map(|line| line.rsplit_once(": ").expect("a row"));
        for (label, amount) in rows {
            assert!(mail.html.contains(label) && mail.html.contains(amount), "{}", mail.html);
        }
    }
}

#[tokio::test]
async fn a_shop_that_only_ships_for_money_charges_for_a_free_product() {
    let app = open_shop().start().await;
    let admin = app.admin().await;
    create_sku(&admin, "SAMPLE", 0, 5).await;
    let mut only_shipping = settings(false);
    only_shipping["taxes"] = json!([]);
    change_settings(&app, &admin, 0, &only_shipping).await;
    let order = json!({
        "items": [{"sku": "SAMPLE", "quantity": 1}],
        "email": "guest@example.com",
        "shipping_address": address("FR", None),
        "shipping_method": "post",
    });
    let placed = app.anonymous().post("/orders", order).await.expect(201);
    assert_eq!((&placed["status"], &placed["total"]), (&json!("pending_payment"), &usd(500)));
}

#[tokio::test]
async fn settings_that_changed_a_moment_ago_refuse_no_order_that_they_allow() {
    let app =
        App::builder().faults(Faults { stale_reads: true, ..Faults::default() }).start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    create_sku(&admin, "MUG", 1050, 50).await;
    change_settings(&app, &admin, 0, &settings(true)).await;
    let mut dearer = settings(true);
    dearer["shipping_methods"][0]["price"] = usd(600);
    dearer["shipping_methods"][1]["countries"] = json!(["US", "DE"]);
    let change = admin.call("PUT", "/settings").header("if-match", "\"1\"").json(&dearer);
    change.send().await.expect(200);
    let order = |method: &str, total: i64| {
        json!({
            "items": [{"sku": "MUG", "quantity": 1}],
            "shipping_address": address("DE", None),
            "shipping_method": method,
            "expected_total": usd(total),
        })
    };
    ada.post("/orders", order("courier", 3050)).await.expect(201);
    ada.post("/orders", order("post", 1650)).await.expect(201);
}

#[tokio::test]
async fn what_is_wrong_with_the_request_is_reported_before_what_is_wrong_with_the_cart() {
    let app = App::start().await;
    let (admin, ada) = shop(&app).await;
    change_settings(&app, &admin, 0, &settings(true)).await;
    let visitor = app.customer("bob").await;
    let errors = visitor.post("/orders", json!({})).await.expect_invalid();
    let expected = [
        ("/shipping_address", "shipping_address_required"),
        ("/shipping_method", "shipping_method_required"),
    ];
    assert_eq!(errors, expected.map(|(at, code)| (at.to_owned(), code.to_owned())));
    let order = json!({
        "shipping_address": address("DE", None),
        "shipping_method": "courier",
        "expected_total": usd(1),
    });
    let stale = ada.call("POST", "/orders").header("if-match", "\"99\"").json(&order);
    stale.send().await.expect_problem(422, "unknown_shipping_method");
}

#[tokio::test]
async fn a_cart_with_nothing_to_sell_costs_nothing() {
    let app = App::start().await;
    let admin = app.admin().await;
    change_settings(&app, &admin, 0, &settings(true)).await;
    let cart = app.anonymous().get("/cart?country=DE&shipping_method=post").await.expect(200);
    assert_eq!((&cart["total"], &cart["shipping"]), (&usd(0), &json!(null)));
    assert_eq!(cart["shipping_methods"][0]["id"], "post");
}

#[tokio::test]
async fn a_cart_from_before_lines_had_tax_classes_is_taxed_by_those_of_now() {
    let app = App::start().await;
    let (admin, ada) = shop(&app).await;
    change_settings(&app, &admin, 0, &settings(true)).await;
    let key = keys::cart(&CartKey::Customer(ada.user_id.expect("a customer")));
    let mut cart = app.contents().await.remove(&format!("{} {}", key.pk, key.sk)).expect("a cart");
    let lines = cart.get_mut("lines").expect("lines");
    let AttributeValue::L(lines) = lines else { panic!("a list") };
    for line in lines {
        let AttributeValue::M(line) = line else { panic!("a map") };
        let revision = line.remove("as_of").expect("a revision");
        line.insert("revision".to_owned(), revision);
        line.remove("tax_class");
    }
    let put = app.client.put_item().table_name(&app.table).set_item(Some(cart));
    put.send().await.expect("it is stored");
    app.advance(Duration::from_secs(2));

    let order = json!({"shipping_address": address("DE", None), "shipping_method": "post"});
    let order = ada.post("/orders", order).await.expect(201);

    assert_eq!(order["items"][1]["tax"], usd(85), "7 percent");
}
