//! `PUT /products/{product_id}`

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use shared::domain::money::Currency;
use shared::domain::sku::Sku;
use shared::store::keys;
use tests::answer::tally;
use tests::app::App;
use tests::persona::Persona;
use tests::samples::{available, create_product, create_sku, id, path_of, product, usd};

/// A product in two sizes, the larger with a price of its own.
fn tee() -> Value {
    json!({
        "name": "Linen Tee",
        "description": "Light and cool.",
        "category": "shirts",
        "brand": "Nordlicht",
        "tags": ["linen"],
        "images": ["https://img.example.com/tee.jpg"],
        "price": usd(2900),
        "low_stock_threshold": 3,
        "variants": [
            {"sku": "TEE-S", "options": {"size": "S"}, "stock": 5},
            {"sku": "TEE-M", "options": {"size": "M"}, "price": usd(3100), "stock": 7},
        ],
    })
}

/// Returns SKU, price and stock of each variant.
fn skus_prices_stock(product: &Value) -> Vec<(&str, i64, i64)> {
    let variants = product["variants"].as_array().expect("variants").iter();
    let line = |variant: &'_ Value| {
        (variant["unit_price"]["amount"].as_i64(), variant["available"].as_i64())
    };
    variants
        .map(|variant| {
            let (price, available) = line(variant);
            let sku = variant["sku"].as_str().expect("a SKU");
            (sku, price.expect("a price"), available.expect("a stock"))
        })
        .collect()
}

#[tokio::test]
async fn a_put_replaces_the_product_and_absent_members_become_empty() {
    let app = App::start().await;
    let admin = app.admin().await;
    let tee = create_product(&admin, tee()).await;
    app.advance(Duration::from_secs(60));

    let answer =
        admin.put(&path_of(&tee), json!({"name": "Linen Shirt", "price": usd(2500)})).await;

    assert!(answer.header("etag").is_some_and(|tag| tag.starts_with("\"2-")), "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    let mut expected = tee.clone();
    for (member, value) in [
        ("name", json!("Linen Shirt")),
        ("slug", json!("linen-shirt")),
        ("description", json!(null)),
        ("category", json!(null)),
        ("brand", json!(null)),
        ("tags", json!([])),
        ("images", json!([])),
        ("price", usd(2500)),
        ("low_stock_threshold", json!(null)),
        ("version", json!(2)),
        ("updated_at", json!("2026-01-01T00:01:00.000Z")),
    ] {
        expected[member] = value;
    }
    expected["variants"][0]["unit_price"] = usd(2500);
    assert_eq!(answer.expect(200), expected, "without `variants` the variants stay unchanged");
    assert_eq!(app.anonymous().get(&path_of(&tee)).await.expect(200), expected);
}

#[tokio::test]
async fn the_body_of_a_get_can_be_edited_and_put() {
    let app = App::start().await;
    let admin = app.admin().await;
    let tee = create_product(&admin, tee()).await;
    let bare = create_product(&admin, json!({"name": "Mug", "price": usd(1800)})).await;

    for create_product in [tee, bare] {
        let path = path_of(&create_product);
        let mut product = admin.get(&path).await.expect(200);
        product["description"] = json!("Edited.");

        let edited = admin.put(&path, product.clone()).await.expect(200);

        product["version"] = json!(2);
        assert_eq!(edited, product);
    }
}

#[tokio::test]
async fn read_only_members_are_ignored_whatever_their_value() {
    let app = App::start().await;
    let admin = app.admin().await;
    let tee = create_product(&admin, tee()).await;
    let mut other_values = tee.clone();
    for (member, lie) in [
        ("id", json!("prd_01890a5d-ac96-774b-bcce-b302099a8057")),
        ("slug", json!(5)),
        ("in_stock", json!("yes")),
        ("rating", json!({"average": "5.00", "count": 1000})),
        ("version", json!(-1)),
        ("created_at", json!("yesterday")),
        ("updated_at", json!(null)),
    ] {
        other_values[member] = lie;
    }
    other_values["variants"][0]["available"] = json!(1_000);
    other_values["variants"][0]["unit_price"] = json!("free");
    other_values["variants"][1]["unit_price"] = usd(1);

    let put = admin.put(&path_of(&tee), other_values).await.expect(200);

    let mut expected = tee;
    expected["version"] = json!(2);
    assert_eq!(put, expected);
}

#[tokio::test]
async fn an_invalid_body_is_rejected_and_changes_nothing() {
    let app = App::start().await;
    let admin = app.admin().await;
    let tee = create_product(&admin, tee()).await;
    let with = |changes: Value| {
        let mut body = tee.clone();
        for (name, value) in changes.as_object().expect("changes") {
            body[name] = value.clone();
        }
        body
    };
    let size = |sku: &str, size: &str| json!({"sku": sku, "options": {"size": size}});
    for (why, body, expected) in [
        ("nothing said", json!({}), "/name required, /price required"),
        ("a list", json!([tee]), " wrong_type"),
        ("an unknown field", with(json!({"role": "admin"})), "/role unknown_field"),
        (
            "the table's attributes",
            with(json!({"pk": "x", "skus": []})),
            "/pk unknown_field, /skus unknown_field",
        ),
        (
            "a variant's unknown field",
            with(json!({"variants": [{"status": "on_sale"}]})),
            "/variants/0/status unknown_field",
        ),
        ("a blank name", with(json!({"name": " "})), "/name too_short"),
        (
            "another currency",
            with(json!({"price": {"amount": 1, "currency": "EUR"}})),
            "/price/currency wrong_currency",
        ),
        (
            "a decimal price",
            with(json!({"price": {"amount": 0.99, "currency": "USD"}})),
            "/price/amount not_minor_units",
        ),
        ("no variants at all", with(json!({"variants": []})), "/variants too_few"),
        (
            "a SKU twice",
            with(json!({"variants": [size("TEE-S", "S"), size("TEE-S", "M")]})),
            "/variants/1/sku duplicate",
        ),
        (
            "a variant twice, by SKU and by options",
            with(json!({"variants": [size("TEE-S", "L"), {"options": {"size": "S"}}]})),
            "/variants/1 duplicate",
        ),
        (
            "options twice",
            with(json!({"variants": [size("TEE-S", "S"), size("TEE-M", "S")]})),
            "/variants/1/options duplicate",
        ),
    ] {
        let answer = admin.put(&path_of(&tee), body).await;
        assert_eq!(answer.broken(), expected, "{why}");
    }
    assert_eq!(admin.get(&path_of(&tee)).await.expect(200), tee);
}

#[tokio::test]
async fn stock_of_an_existing_sku_is_rejected_with_use_inventory() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let path = path_of(&mug);
    let sku = mug["variants"][0]["sku"].clone();
    let body = |variants: Value| json!({"name": "Mug", "price": usd(1800), "variants": variants});
    let new = json!({"sku": "MUG-L", "options": {"size": "L"}, "stock": 9});

    for (why, body, pointer) in [
        ("the only variant's", product("Mug", 1800, 6), "/stock"),
        ("the same number", product("Mug", 1800, 5), "/stock"),
        ("named by its SKU", body(json!([{"sku": sku, "stock": 6}])), "/variants/0/stock"),
        (
            "named by its options",
            body(json!([new, {"options": {}, "stock": 6}])),
            "/variants/1/stock",
        ),
    ] {
        let answer = admin.put(&path, body).await;
        assert_eq!(answer.status, 422, "{why}: {:#}", answer.body);
        let errors = answer.expect_invalid();
        assert_eq!(errors, [(pointer.to_owned(), "use_inventory".to_owned())], "{why}");
    }
    let mug = admin.put(&path, body(json!([{"sku": sku}, new]))).await.expect(200);
    assert_eq!(skus_prices_stock(&mug)[1], ("MUG-L", 1800, 9), "a new SKU begins with its stock");
    assert_eq!(skus_prices_stock(&mug)[0].2, 5);

    admin.put(&path, body(json!([{"sku": sku}]))).await.expect(200);
    let answer = admin.put(&path, body(json!([{"sku": sku}, new]))).await;
    let errors = answer.expect_invalid();
    let expected = [("/variants/1/stock".to_owned(), "use_inventory".to_owned())];
    assert_eq!(errors, expected, "a withdrawn SKU still exists");
}

#[tokio::test]
async fn the_error_for_stock_is_reported_with_all_other_errors() {
    let app = App::start().await;
    let admin = app.admin().await;
    let tee = create_product(&admin, tee()).await;
    let body = json!({
        "name": 5,
        "price": {"amount": 1, "currency": "EUR"},
        "variants": [
            {"sku": "TEE-S", "options": {"size": ""}, "stock": 1},
            {"options": {"size": "M"}, "stock": 1},
            {"sku": "TEE-M", "options": {"size": "L"}},
            {"sku": "TEE-L", "options": {"size": "XL"}, "stock": 1},
            {"sku": "?", "options": {}, "stock": 1},
        ],
    });

    let answer = admin.put(&path_of(&tee), body.clone()).await;

    let of_the_body = "/name wrong_type, /price/currency wrong_currency, ";
    let of_the_sku = "/variants/4/sku invalid_sku";
    assert_eq!(
        answer.broken(),
        format!(
            "{of_the_body}/variants/0/options/size too_short, /variants/0/stock use_inventory, \
             /variants/1/stock use_inventory, /variants/2 duplicate, {of_the_sku}"
        ),
        "a variant with an invalid SKU does not exist yet"
    );
    let missing = "/products/prd_01890a5d-ac96-774b-bcce-b302099a8057";
    let answer = admin.put(missing, body).await;
    let expected = format!("{of_the_body}/variants/0/options/size too_short, {of_the_sku}");
    assert_eq!(answer.broken(), expected, "the body is checked before the product");
    assert_eq!(admin.get(&path_of(&tee)).await.expect(200), tee);
}

#[tokio::test]
async fn a_variant_that_is_left_out_is_withdrawn_and_can_come_back() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let tee = create_product(&admin, tee()).await;
    let path = path_of(&tee);
    ada.post("/cart/items", json!({"sku": "TEE-M", "quantity": 2})).await.expect(200);
    let with =
        |variants: Value| json!({"name": "Linen Tee", "price": usd(2900), "variants": variants});

    let small = admin.put(&path, with(json!([{"sku": "TEE-S", "options": {"size": "S"}}]))).await;

    assert_eq!(skus_prices_stock(&small.expect(200)), [("TEE-S", 2900, 5)]);
    assert_eq!(
        skus_prices_stock(&app.anonymous().get(&path).await.expect(200)),
        [("TEE-S", 2900, 5)]
    );
    assert_eq!(ada.get("/cart").await.expect(200)["items"][0]["problem"], "unavailable");
    let line = json!({"sku": "TEE-M", "quantity": 1});
    let order = json!({"items": [line]});
    ada.post("/orders", order.clone()).await.expect_problem(409, "unavailable");
    admin.put(&path, json!({"name": "Linen Tee", "price": usd(2900)})).await.expect(200);
    ada.post("/orders", order.clone()).await.expect_problem(409, "unavailable");

    let both = json!([
        {"sku": "TEE-S", "options": {"size": "S"}},
        {"sku": "TEE-M", "options": {"size": "M"}},
    ]);
    let both = admin.put(&path, with(both)).await.expect(200);

    assert_eq!(skus_prices_stock(&both)[1].0, "TEE-M");
    assert_eq!(skus_prices_stock(&both)[1].2, 7, "its stock was kept");
    ada.post("/orders", order).await.expect(201);
}

/// Returns each variant's own price, and the price it sells at.
fn prices(product: &Value) -> Vec<(Option<i64>, i64)> {
    let variants = product["variants"].as_array().expect("variants").iter();
    let unit_price = |variant: &Value| variant["unit_price"]["amount"].as_i64().expect("a price");
    variants.map(|variant| (variant["price"]["amount"].as_i64(), unit_price(variant))).collect()
}

/// Creates a product for 10 dollars with the variants A and B; B has its own price, 12 dollars.
async fn create_pair(admin: &Persona<'_>) -> Value {
    create_product(admin, pair_for(1000, [json!({}), json!({"price": usd(1200)})])).await
}

/// A body with the variants A and B at this product price, with more members for each.
fn pair_for(cents: i64, more: [Value; 2]) -> Value {
    let variants = ["A", "B"].into_iter().zip(more).map(|(name, mut variant)| {
        variant["sku"] = json!(name);
        variant["options"] = json!({"kind": name});
        variant
    });
    json!({"name": "Pair", "price": usd(cents), "variants": variants.collect::<Vec<_>>()})
}

#[tokio::test]
async fn a_variants_price_follows_the_products_unless_it_has_its_own() {
    let app = App::start().await;
    let admin = app.admin().await;
    let pair = create_pair(&admin).await;
    let path = path_of(&pair);
    assert_eq!(prices(&pair), [(None, 1000), (Some(1200), 1200)]);

    for cents in [1200, 1500, 1000] {
        let bare = json!({"name": "Pair", "price": usd(cents)});
        let bare = admin.put(&path, bare).await.expect(200);
        let expected = [(None, cents), (Some(1200), 1200)];
        assert_eq!(prices(&bare), expected, "not named, even if both are equal");

        let mut edited = admin.get(&path).await.expect(200);
        edited["price"] = usd(cents + 1);
        let edited = admin.put(&path, edited).await.expect(200);
        assert_eq!(prices(&edited), [(None, cents + 1), (Some(1200), 1200)], "put back");
    }
}

#[tokio::test]
async fn a_variants_own_price_stays_even_if_the_products_price_changes() {
    let app = App::start().await;
    let admin = app.admin().await;
    let path = path_of(&create_pair(&admin).await);
    let own = |cents: i64| json!({"price": usd(cents)});

    for (cents, more, expected) in [
        (2000, [own(1000), own(1200)], [(Some(1000), 1000), (Some(1200), 1200)]),
        (1200, [own(1000), own(1200)], [(Some(1000), 1000), (Some(1200), 1200)]),
        (1500, [own(1500), own(1200)], [(Some(1500), 1500), (Some(1200), 1200)]),
        (1600, [own(1500), json!({"price": null})], [(Some(1500), 1500), (None, 1600)]),
        (1600, [json!({}), own(1600)], [(None, 1600), (Some(1600), 1600)]),
    ] {
        let body = pair_for(cents, more);
        for what in ["first", "the same again"] {
            let put = admin.put(&path, body.clone()).await.expect(200);
            assert_eq!(prices(&put), expected, "{what}: {body}");
            assert_eq!(admin.get(&path).await.expect(200), put, "{what}");
        }
    }
}

#[tokio::test]
async fn carts_and_orders_use_the_price_that_a_variant_sells_at() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let path = path_of(
        &create_product(&admin, pair_for(1000, [json!({"stock": 5}), json!({"stock": 5})])).await,
    );
    let put = pair_for(2000, [json!({}), json!({"price": usd(1200)})]);
    admin.put(&path, put).await.expect(200);

    for sku in ["A", "B"] {
        ada.post("/cart/items", json!({"sku": sku, "quantity": 1})).await.expect(200);
    }
    assert_eq!(ada.get("/cart").await.expect(200)["subtotal"], usd(3200));
    assert_eq!(ada.post("/orders", json!({})).await.expect(201)["total"], usd(3200));
}

#[tokio::test]
async fn a_skus_own_threshold_stays_beside_the_products() {
    let app = App::start().await;
    let admin = app.admin().await;
    let pair = create_pair(&admin).await;
    let product = id(&pair).parse().expect("an id");
    let own = keys::variant(product, &Sku::parse("B".to_owned()).expect("a SKU"));
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key("pk", AttributeValue::S(own.pk)).key("sk", AttributeValue::S(own.sk));
    let update = update.update_expression("SET own_low_stock_threshold = :own");
    let update = update.expression_attribute_values(":own", AttributeValue::N("7".to_owned()));
    update.send().await.expect("a threshold of its own");

    for (threshold, of_a) in [(json!(3), Some("3")), (json!(7), Some("7")), (json!(null), None)] {
        let mut body = pair_for(1000, [json!({}), json!({})]);
        body["low_stock_threshold"] = threshold;
        admin.put(&path_of(&pair), body).await.expect(200);

        let number = |text: &str| AttributeValue::N(text.to_owned());
        for (sku, attribute, expected) in [
            ("A", "low_stock_threshold", of_a),
            ("A", "own_low_stock_threshold", None),
            ("B", "low_stock_threshold", of_a),
            ("B", "own_low_stock_threshold", Some("7")),
        ] {
            let stored = stored(&app, &pair, sku, attribute).await;
            assert_eq!(stored, expected.map(number), "{sku}, {attribute}");
        }
    }
}

#[tokio::test]
async fn a_variant_is_recognised_by_its_options_where_no_sku_is_given() {
    let app = App::start().await;
    let admin = app.admin().await;
    let tee = create_product(&admin, tee()).await;
    let variants = json!([
        {"options": {"size": "M"}, "price": usd(3300)},
        {"options": {"size": "L"}, "stock": 2},
        {"sku": "TEE-S", "options": {"size": "XS"}},
    ]);
    let body = json!({"name": "Linen Tee", "price": usd(2900), "variants": variants});

    let tee = admin.put(&path_of(&tee), body).await.expect(200);

    let skus_prices_stock = skus_prices_stock(&tee);
    assert_eq!(skus_prices_stock[..2], [("TEE-S", 2900, 5), ("TEE-M", 3300, 7)]);
    assert_eq!((skus_prices_stock[2].1, skus_prices_stock[2].2), (2900, 2));
    assert_eq!(tee["variants"][0]["options"], json!({"size": "XS"}));
}

#[tokio::test]
async fn names_of_options_are_the_same_in_any_case() {
    let app = App::start().await;
    let admin = app.admin().await;
    let tee = create_product(&admin, tee()).await;
    let with = |variants: Value| json!({"name": "Tee", "price": usd(2900), "variants": variants});

    let variants = json!([{"options": {"SIZE": "S"}}, {"options": {"Size": "M"}, "stock": 1}]);
    let answer = admin.put(&path_of(&tee), with(variants)).await;
    assert_eq!(answer.broken(), "/variants/1/stock use_inventory", "the existing variant");

    let variants = json!([{"options": {"SIZE": "S"}}, {"options": {"Size": "M"}}]);
    let respelled = admin.put(&path_of(&tee), with(variants)).await.expect(200);
    assert_eq!(respelled["options"], json!(["SIZE"]), "the first spelling");
    let variants = &respelled["variants"];
    let shown = |index: usize| (&variants[index]["sku"], &variants[index]["options"]);
    assert_eq!(shown(0), (&json!("TEE-S"), &json!({"SIZE": "S"})));
    assert_eq!(shown(1), (&json!("TEE-M"), &json!({"SIZE": "M"})));
}

#[tokio::test]
async fn options_can_be_put_into_another_order_without_naming_the_variants() {
    let app = App::start().await;
    let admin = app.admin().await;
    let options = json!({"size": "S", "colour": "sand", "fit": "slim"});
    let variants = json!([{"sku": "A", "options": options}]);
    let body = json!({"name": "Tee", "price": usd(2900), "variants": variants});
    let path = path_of(&create_product(&admin, body).await);
    let edit = |options: Value| json!({"name": "Tee", "price": usd(2900), "options": options});

    for (options, names, shown) in [
        (
            json!(["Size", "fit"]),
            json!(["Size", "fit", "colour"]),
            r#"{"Size":"S","fit":"slim","colour":"sand"}"#,
        ),
        (
            json!(["COLOUR", "fabric"]),
            json!(["COLOUR", "fabric", "Size", "fit"]),
            r#"{"COLOUR":"sand","Size":"S","fit":"slim"}"#,
        ),
        (
            json!(null),
            json!(["COLOUR", "Size", "fit"]),
            r#"{"COLOUR":"sand","Size":"S","fit":"slim"}"#,
        ),
    ] {
        let edited = admin.put(&path, edit(options)).await;
        assert!(edited.text.contains(&format!(r#""options":{shown}"#)), "{}", edited.text);
        assert_eq!(edited.body["options"], names);
        let found = admin.get(&path).await;
        assert_eq!(found.text, edited.text);
        let put = admin.call("PUT", &path).body("application/json", &found.text).send().await;
        let expected = found.text.replace(
            &format!(r#""version":{}"#, found.body["version"]),
            &format!(r#""version":{}"#, put.body["version"]),
        );
        assert_eq!(put.text, expected, "putting the same body changes nothing");
    }
    let answer = admin.put(&path, edit(json!(["a", "b", "c"]))).await;
    assert_eq!(answer.broken(), "/options too_many", "the product's three and the variant's three");
}

/// Returns an attribute of the variant with this SKU, as stored in the table.
async fn stored(app: &App, product: &Value, sku: &str, attribute: &str) -> Option<AttributeValue> {
    let product = id(product).parse().expect("an id");
    let key = keys::variant(product, &Sku::parse(sku.to_owned()).expect("a SKU"));
    app.contents().await[&format!("{} {}", key.pk, key.sk)].get(attribute).cloned()
}

#[tokio::test]
async fn the_revision_of_a_variant_rises_with_name_options_price_tax_class_and_tracking_only() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mut body = json!({
        "name": "Pair",
        "price": usd(1000),
        "options": ["kind"],
        "variants": [
            {"sku": "A", "options": {"kind": "A", "size": "S"}, "stock": 9},
            {"sku": "B", "options": {"kind": "B"}, "price": usd(1200)},
        ],
    });
    let pair = create_product(&admin, body.clone()).await;
    body["variants"][0].as_object_mut().expect("a variant").remove("stock");
    let both = body["variants"].clone();
    for (what, member, value, a, b) in [
        ("nothing", "name", json!("Pair"), 1, 1),
        ("the name", "name", json!("Two"), 2, 2),
        ("the product's price", "price", usd(1100), 3, 2),
        (
            "its own price, to what it sells at",
            "variants",
            json!([both[0], {"sku": "B", "options": {"kind": "B"}, "price": usd(1200)}]),
            3,
            2,
        ),
        ("the product's price, to B's", "price", usd(1200), 4, 2),
        (
            "B's price, from its own to the same of the product's",
            "variants",
            json!([both[0], {"sku": "B", "options": {"kind": "B"}}]),
            4,
            2,
        ),
        ("a value", "variants", json!([both[0], {"sku": "B", "options": {"kind": "b"}}]), 4, 3),
        ("the spelling of a name", "options", json!(["Kind"]), 5, 4),
        ("the order of the names", "options", json!(["size", "Kind"]), 6, 4),
        ("the image", "images", json!(["https://img.example.com/a.jpg"]), 6, 4),
        ("the threshold", "low_stock_threshold", json!(3), 6, 4),
        ("the text", "description", json!("Two of a kind."), 6, 4),
        ("the price to compare with", "compare_at_price", usd(9_900), 6, 4),
        ("the status", "status", json!("draft"), 6, 4),
        ("the status again", "status", json!("active"), 6, 4),
        ("B, which is withdrawn", "variants", json!([both[0]]), 6, 4),
        ("the name without B", "name", json!("One"), 7, 4),
        ("the tax class", "tax_class", json!("reduced"), 8, 4),
        (
            "B, which comes back",
            "variants",
            json!([both[0], {"sku": "B", "options": {"kind": "b"}}]),
            8,
            5,
        ),
        (
            "tracking of B",
            "variants",
            json!([both[0], {"sku": "B", "options": {"kind": "b"}, "track_stock": false}]),
            8,
            6,
        ),
    ] {
        body[member] = value;
        admin.put(&path_of(&pair), body.clone()).await.expect(200);

        for (sku, revision) in [("A", a), ("B", b)] {
            let number = AttributeValue::N(revision.to_string());
            let stored = stored(&app, &pair, sku, "revision").await;
            assert_eq!(stored, Some(number), "{sku} after {what}");
        }
    }
    ada.post("/orders", json!({"items": [{"sku": "A", "quantity": 1}]})).await.expect(201);
    let number = AttributeValue::N("8".to_owned());
    assert_eq!(stored(&app, &pair, "A", "revision").await, Some(number), "A after a sale");
}

#[tokio::test]
async fn the_table_stores_options_as_a_list_of_pairs() {
    let app = App::start().await;
    let admin = app.admin().await;
    let tee = create_product(&admin, tee()).await;
    let variants = json!([{"sku": "TEE-S", "options": {"size": "S", "fit": "slim"}}]);
    let body = json!({"name": "Tee", "price": usd(1), "options": ["size"], "variants": variants});
    admin.put(&path_of(&tee), body).await.expect(200);

    let text = |text: &str| AttributeValue::S(text.to_owned());
    let pair = |name: &str, value: &str| AttributeValue::L(vec![text(name), text(value)]);
    let list = AttributeValue::L(vec![pair("size", "S"), pair("fit", "slim")]);
    assert_eq!(stored(&app, &tee, "TEE-S", "options").await, Some(list));
}

#[tokio::test]
async fn the_status_decides_who_sees_it_and_who_can_buy_it() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 5).await;
    let path = path_of(&mug);
    let order = json!({"items": [{"sku": "MUG", "quantity": 1}]});
    for (status, seen, listed, bought) in
        [("draft", 404, 0, 409), ("active", 200, 1, 201), ("archived", 404, 0, 409)]
    {
        let body = json!({"name": "Mug", "price": usd(1800), "status": status});
        assert_eq!(admin.put(&path, body).await.expect(200)["status"], status);

        ada.get(&path).await.expect(seen);
        let list = ada.get("/products").await.expect(200);
        assert_eq!(list["data"].as_array().map(Vec::len), Some(listed), "{status}");
        ada.post("/orders", order.clone()).await.expect(bought);
    }
    let unsaid = json!({"name": "Mug", "price": usd(1800)});
    assert_eq!(
        admin.put(&path, unsaid).await.expect(200)["status"],
        "archived",
        "without `status` it stays"
    );
}

#[tokio::test]
async fn lists_show_the_updated_product() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("kitchen").await;
    let tee = create_product(&admin, tee()).await;
    let variants = json!([{"options": {"size": "M"}}, {"options": {"size": "L"}}]);
    let body = json!({
        "name": "Mug",
        "price": usd(1),
        "category": "kitchen",
        "images": ["https://img.example.com/mug.jpg"],
        "variants": variants,
    });

    admin.put(&path_of(&tee), body).await.expect(200);

    assert_eq!(admin.get("/products?category=shirts").await.expect(200)["data"], json!([]));
    let list = admin.get("/products?category=kitchen").await.expect(200);
    let card = &list["data"][0];
    assert_eq!((&card["name"], &card["price"]), (&json!("Mug"), &usd(1)));
    assert_eq!(card["sizes"], json!(["M", "L"]));
    assert_eq!(card["image"], "https://img.example.com/mug.jpg");
}

#[tokio::test]
async fn if_match_protects_a_newer_version() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let path = path_of(&mug);
    let first = admin.get(&path).await.header("etag").expect("a tag").to_owned();
    let put = |name: &str, tag: &str| {
        let body = json!({"name": name, "price": usd(1800)});
        admin.call("PUT", &path).header("if-match", tag).json(&body).send()
    };

    let order = json!({"items": [{"product_id": mug["id"], "quantity": 1}]});
    app.customer("ada").await.post("/orders", order).await.expect(201);
    let second = put("Second", &first).await;
    let tag = second.header("etag").expect("a tag").to_owned();
    second.expect(200);
    put("Late", &first).await.expect_problem(412, "version_mismatch");
    put("Third", &format!("W/{tag}")).await.expect(200);
    put("Fourth", "*").await.expect(200);
    for (why, tag) in [
        ("no quotes", "4"),
        ("two tags without a comma", "\"4-a\" \"5-b\""),
        ("nothing", ""),
        ("not ASCII", "\"4-ü\""),
    ] {
        let answer = put("Broken", tag).await;
        assert_eq!(answer.status, 400, "{why}: {:#}", answer.body);
    }
    for tag in ["\"5-x\"", "\"abc\"", "\"3-a\", \"5-b\""] {
        put("Future", tag).await.expect_problem(412, "version_mismatch");
    }
    let now = admin.get(&path).await.expect(200);
    assert_eq!((&now["name"], &now["version"]), (&json!("Fourth"), &json!(4)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_admins_who_edit_one_version_exactly_one_wins() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let path = path_of(&mug);
    let tag = admin.get(&path).await.header("etag").expect("a tag").to_owned();
    let edit = |n: i64| {
        let body = json!({"name": format!("Mug {n}"), "price": usd(n)});
        admin.call("PUT", &path).header("if-match", &tag).json(&body).send()
    };

    let answers = join_all((0..20).map(edit)).await;

    assert_eq!(tally(&answers), [(200, 1), (412, 19)].into());
    let winner = answers.into_iter().find(|answer| answer.status == 200).expect("a winner");
    assert_eq!(admin.get(&path).await.expect(200), winner.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_edits_without_if_match_all_raise_the_version() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let path = path_of(&mug);
    let edit = |n: i64| admin.put(&path, json!({"name": format!("Mug {n}"), "price": usd(n)}));

    let answers = join_all((0..8).map(edit)).await;

    assert_eq!(tally(&answers), [(200, 8)].into());
    assert_eq!(admin.get(&path).await.expect(200)["version"], 9);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_sold_during_an_edit_stay_sold() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 100)).await;
    let path = path_of(&mug);
    let customers = app.customers(12).await;
    let order = json!({"items": [{"product_id": mug["id"], "quantity": 2}]});
    let orders = customers.iter().map(|customer| customer.post("/orders", order.clone()));
    let edits = (0..6).map(|n| {
        let body =
            json!({"name": format!("Mug {n}"), "price": usd(1800), "low_stock_threshold": n});
        admin.put(&path, body)
    });

    let (orders, edits) = join(join_all(orders), join_all(edits)).await;

    assert_eq!(tally(&orders), [(201, 12)].into());
    assert_eq!(tally(&edits), [(200, 6)].into());
    assert_eq!(available(&admin, &mug).await, 100 - 24);
}

#[tokio::test]
async fn a_sku_of_another_product_is_sku_taken_and_nothing_changes() {
    let app = App::start().await;
    let admin = app.admin().await;
    create_sku(&admin, "BOWL", 900, 1).await;
    let mug = create_sku(&admin, "MUG", 1800, 5).await;
    let variants = json!([
        {"sku": "MUG-L", "options": {"size": "L"}},
        {"sku": "BOWL", "options": {"size": "XL"}},
    ]);
    let body = json!({"name": "Bowl", "price": usd(1), "variants": variants});

    let problem = admin.put(&path_of(&mug), body).await.expect_problem(409, "sku_taken");

    assert_eq!(problem["sku"], "BOWL");
    assert_eq!(admin.get(&path_of(&mug)).await.expect(200), mug);
    create_sku(&admin, "MUG-L", 1, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_ten_products_updated_with_one_new_sku_at_once_exactly_one_gets_it() {
    let app = App::start().await;
    let admin = app.admin().await;
    let put_ups = (0..10).map(|n| create_product(&admin, product(&format!("Mug {n}"), 1800, 5)));
    let paths: Vec<_> = join_all(put_ups).await.iter().map(path_of).collect();
    let variants = json!([{"sku": "MUG", "options": {"size": "L"}}]);
    let body = json!({"name": "Mug", "price": usd(1800), "variants": variants});

    let answers = join_all(paths.iter().map(|path| admin.put(path, body.clone()))).await;

    assert_eq!(tally(&answers), [(200, 1), (409, 9)].into());
}

#[tokio::test]
async fn too_many_changes_says_how_many_new_variants_fit() {
    let app = App::start().await;
    let admin = app.admin().await;
    let variants = |line: &str, number: u32| {
        let variant =
            |n: u32| json!({"sku": format!("{line}-{n}"), "options": {"size": n.to_string()}});
        (0..number).map(variant).collect::<Vec<_>>()
    };
    let with = |name: &str, variants: &[Value]| json!({"name": name, "price": usd(1800), "variants": variants});
    for (line, kept, fitting) in [("A", 0, 29), ("B", 5, 29), ("C", 10, 29)] {
        let old = variants(&format!("OLD-{line}"), 40);
        let mug = create_product(&admin, with("Mug", &old)).await;
        let path = path_of(&mug);
        // The sizes of the new variants differ from those of the kept ones.
        let new = variants(&format!("NEW-{line}"), 40).split_off(kept);
        let wanted = [&old[..kept], &new].concat();

        let answer = admin.put(&path, with("Bowl", &wanted)).await;

        let problem = answer.expect_problem(422, "too_many_changes");
        let detail = problem["detail"].as_str().expect("a detail");
        let number = |word: &str| word.parse::<usize>().ok();
        assert_eq!(detail.split(' ').find_map(number), Some(fitting), "{detail}");
        assert_eq!(admin.get(&path).await.expect(200), mug, "nothing has changed");
        let one_more = &wanted[..kept + fitting + 1];
        admin.put(&path, with("Bowl", one_more)).await.expect_problem(422, "too_many_changes");
        admin.put(&path, with("Bowl", &wanted[..kept + fitting])).await.expect(200);
        let mug = admin.put(&path, with("Bowl", &wanted)).await.expect(200);
        assert_eq!(mug["variants"].as_array().map(Vec::len), Some(40), "and the rest in a second");
    }
}

#[tokio::test]
async fn checks_come_in_the_order_of_the_contract() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 5).await;
    create_sku(&admin, "BOWL", 900, 1).await;
    let here = path_of(&mug);
    let missing = "/products/prd_01890a5d-ac96-774b-bcce-b302099a8057";
    let taken = json!({"name": "Mug", "price": usd(1), "variants": [{"sku": "BOWL"}]}).to_string();
    let huge = " ".repeat(128 * 1024 + 1);
    for (status, who, path, content_type, body, tag) in [
        (413, &app.anonymous(), "/products/mug", "text/plain", huge.as_str(), "\"7-x\""),
        (401, &app.anonymous(), "/products/mug", "text/plain", "{", "\"7-x\""),
        (403, &ada, "/products/mug", "text/plain", "{", "\"7-x\""),
        (404, &admin, "/products/mug", "text/plain", "{", "\"7-x\""),
        (415, &admin, missing, "text/plain", "{", "\"7-x\""),
        (400, &admin, missing, "application/json", "{", "\"7-x\""),
        (422, &admin, missing, "application/json", "{}", "\"7-x\""),
        (404, &admin, missing, "application/json", &taken, "\"7-x\""),
        (412, &admin, &here, "application/json", &taken, "\"7-x\""),
        (409, &admin, &here, "application/json", &taken, "\"1-x\""),
    ] {
        let call = who.call("PUT", path).body(content_type, body).header("if-match", tag);
        let answer = call.send().await;
        assert_eq!(answer.status, status, "{:#}", answer.body);
    }
    assert_eq!(admin.get(&here).await.expect(200), mug);
}

#[tokio::test]
async fn two_equal_concurrent_edits_never_get_sku_taken() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Stoneware Mug", 1800, 5)).await;
    let path = format!("/products/{}", id(&mug));
    let edit = json!({
        "name": "Mug",
        "price": usd(1800),
        "variants": [{"options": {}}, {"sku": "MUG-L", "options": {"size": "L"}}],
    });

    app.race(2);
    let (one, other) = tokio::join!(admin.put(&path, edit.clone()), admin.put(&path, edit.clone()));

    assert_eq!((one.status, other.status), (200, 200), "{one:?} {other:?}");
}

#[tokio::test]
async fn a_withdrawn_variants_options_without_a_sku_are_a_new_variant() {
    let app = App::start().await;
    let admin = app.admin().await;
    let small = json!({"sku": "SHIRT-S", "options": {"size": "S"}});
    let body = |variants: Value| json!({"name": "Shirt", "price": usd(2900), "variants": variants});
    let medium = json!({"sku": "SHIRT-M", "options": {"size": "M"}});
    let shirt = create_product(&admin, body(json!([small, medium]))).await;
    let path = format!("/products/{}", id(&shirt));
    admin.put(&path, body(json!([small]))).await.expect(200);

    let medium = json!({"options": {"size": "M"}, "stock": 3});
    let shirt = admin.put(&path, body(json!([small, medium]))).await.expect(200);

    let medium = &shirt["variants"][1];
    assert_eq!((&medium["options"], &medium["available"]), (&json!({"size": "M"}), &json!(3)));
    assert_ne!(medium["sku"], "SHIRT-M");
}

#[tokio::test]
async fn a_new_price_stays_below_what_the_variants_are_compared_with() {
    let app = App::start().await;
    let admin = app.admin().await;
    let body = |cents: i64| json!({"name": "Tee", "price": usd(cents)});
    let mut tee = body(1000);
    tee["variants"] = json!([
        {"sku": "S", "options": {"size": "S"}, "compare_at_price": usd(1500)},
        {"sku": "M", "options": {"size": "M"}, "price": usd(900), "compare_at_price": usd(950)},
    ]);
    let tee = create_product(&admin, tee).await;

    let refused = admin.put(&path_of(&tee), body(1500)).await;

    assert_eq!(refused.broken(), "/price compare_at_price_too_low");
    let problem = refused.expect_problem(422, "compare_at_price_too_low");
    assert!(
        problem["detail"].as_str().is_some_and(|it| it.contains("S is compared with 15.00 USD"))
    );
    admin.put(&path_of(&tee), body(1499)).await.expect(200);
}

#[tokio::test]
async fn prices_options_and_weights_obey_the_rules_of_a_new_product() {
    let dinar = Currency::parse("KWD".to_owned()).expect("a currency");
    let app = App::builder().configure(|config| config.currency = dinar).start().await;
    let admin = app.admin().await;
    let dinars = |fils: i64| json!({"amount": fils, "currency": "KWD"});
    let mug = create_product(&admin, json!({"name": "Mug", "price": dinars(1500)})).await;
    let options: Value =
        ["a", "b", "c", "d", "e"].into_iter().map(|name| (name, "x".repeat(250))).collect();
    let variant = json!({"options": options, "weight_grams": -1});
    let body = json!({"name": "Mug", "price": dinars(1501), "variants": [variant]});

    let refused = admin.put(&path_of(&mug), body).await;

    let expected = "/price/amount not_a_multiple, /variants/0/options options_too_long, \
                    /variants/0/weight_grams weight_out_of_range";
    assert_eq!(refused.broken(), expected);
}
