//! `POST /products`

use std::collections::HashSet;

use aws_smithy_types::base64;
use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::domain::money::Currency;
use tests::answer::tally;
use tests::app::App;
use tests::samples::{create_product, create_sku, product, usd};

/// A product with every member that a body may have.
fn tee() -> Value {
    json!({
        "name": "Linen Tee",
        "description": "Light.\nCool.",
        "category": "summer-shirts",
        "brand": "Nordlicht",
        "tags": ["linen", "summer"],
        "images": [
            "https://img.example.com/front.jpg",
            {"url": "https://img.example.com/back.jpg", "alt": "The tee from behind"},
        ],
        "price": usd(2900),
        "compare_at_price": usd(3500),
        "tax_class": "clothing",
        "status": "active",
        "low_stock_threshold": 3,
        "options": ["size", "colour"],
        "variants": [
            {
                "sku": "TEE-S",
                "options": {"size": "S", "colour": "sand"},
                "stock": 5,
                "barcode": "4006381333931",
                "weight_grams": 180,
            },
            {
                "sku": "TEE-M",
                "options": {"size": "M", "colour": "sand"},
                "price": usd(3100),
                "compare_at_price": usd(3600),
                "image": "https://img.example.com/sand-m.jpg",
            },
            {"sku": "TEE-M-NAVY", "options": {"size": "M", "colour": "navy"}, "stock": 0},
        ],
    })
}

/// A valid body with some members replaced.
fn mug_with(changes: Value) -> Value {
    let mut body = product("Stoneware Mug", 1800, 5);
    for (name, value) in changes.as_object().expect("changes") {
        body[name] = value.clone();
    }
    body
}

/// A valid body with these variants instead of `stock`.
fn mug_with_variants(variants: Value) -> Value {
    json!({"name": "Stoneware Mug", "price": usd(1800), "variants": variants})
}

#[tokio::test]
async fn a_created_product_is_returned_and_found_at_its_location() {
    let app = App::start().await;
    app.admin().await.create_category("summer-shirts").await;

    let answer = app.admin().await.post("/products", tee()).await;

    let location = answer.header("location").expect("a Location").to_owned();
    let tag = answer.header("etag").expect("an ETag").to_owned();
    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let tee = answer.expect(201);
    let variant = |sku: &str, (size, colour): (&str, &str), cents, available: u32, own: Value| {
        let mut variant = json!({
            "sku": sku,
            "options": {"size": size, "colour": colour},
            "price": null,
            "unit_price": usd(cents),
            "compare_at_price": null,
            "image": null,
            "barcode": null,
            "weight_grams": null,
            "track_stock": true,
            "available": available,
        });
        for (name, value) in own.as_object().expect("members") {
            variant[name] = value.clone();
        }
        variant
    };
    let small = json!({"barcode": "4006381333931", "weight_grams": 180});
    let medium = json!({
        "price": usd(3100),
        "compare_at_price": usd(3600),
        "image": "https://img.example.com/sand-m.jpg",
    });
    let expected = json!({
        "id": tee["id"],
        "slug": "linen-tee",
        "name": "Linen Tee",
        "description": "Light.\nCool.",
        "category": "summer-shirts",
        "brand": "Nordlicht",
        "tags": ["linen", "summer"],
        "images": [
            "https://img.example.com/front.jpg",
            {"url": "https://img.example.com/back.jpg", "alt": "The tee from behind"},
        ],
        "price": usd(2900),
        "compare_at_price": usd(3500),
        "tax_class": "clothing",
        "status": "active",
        "low_stock_threshold": 3,
        "options": ["size", "colour"],
        "variants": [
            variant("TEE-S", ("S", "sand"), 2900, 5, small),
            variant("TEE-M", ("M", "sand"), 3100, 0, medium),
            variant("TEE-M-NAVY", ("M", "navy"), 2900, 0, json!({})),
        ],
        "in_stock": true,
        "rating": {"average": null, "count": 0},
        "version": 1,
        "created_at": "2026-01-01T00:00:00.000Z",
        "updated_at": "2026-01-01T00:00:00.000Z",
    });
    assert_eq!(tee, expected);
    assert_eq!(location, format!("/products/{}", tee["id"].as_str().expect("an id")));
    assert!(tee["id"].as_str().is_some_and(|id| id.starts_with("prd_")), "{}", tee["id"]);
    assert!(tag.starts_with("\"1-"), "{tag}");
    let found = app.anonymous().get(&location).await;
    assert_eq!(found.header("etag"), Some(tag.as_str()));
    assert_eq!(found.expect(200), tee);
}

#[tokio::test]
async fn a_name_and_a_price_are_the_only_required_members() {
    let app = App::start().await;
    let body = json!({"name": "  Stoneware Mug ", "price": usd(0)});

    let mug = create_product(&app.admin().await, body).await;

    assert_eq!(mug["name"], "Stoneware Mug", "trimmed");
    let optional = ["description", "category", "brand", "low_stock_threshold", "compare_at_price"];
    for absent in optional.into_iter().chain(["tax_class"]) {
        assert_eq!(mug[absent], json!(null), "{absent}");
    }
    for empty in ["tags", "images", "options"] {
        assert_eq!(mug[empty], json!([]), "{empty}");
    }
    assert_eq!(mug["status"], "active");
    assert_eq!(mug["in_stock"], false);
    assert_eq!(mug["variants"].as_array().map(Vec::len), Some(1));
    let variant = &mug["variants"][0];
    assert_eq!(variant["options"], json!({}));
    assert_eq!((&variant["price"], &variant["unit_price"]), (&json!(null), &usd(0)));
    assert_eq!(variant["available"], json!(0));
}

#[tokio::test]
async fn variants_without_a_sku_get_a_unique_one() {
    let app = App::start().await;
    let admin = app.admin().await;
    let sizes = json!([{"options": {"size": "S"}}, {"options": {"size": "M"}}]);

    let mut skus = HashSet::new();
    for body in
        [mug_with_variants(sizes.clone()), mug_with_variants(sizes), product("Bowl", 900, 1)]
    {
        let product = create_product(&admin, body).await;
        for variant in product["variants"].as_array().expect("variants") {
            let sku = variant["sku"].as_str().expect("a SKU").to_owned();
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
            assert!((1..=64).contains(&sku.len()) && sku.bytes().all(plain), "{sku}");
            assert!(skus.insert(sku.clone()), "{sku} twice");
        }
    }
    assert_eq!(skus.len(), 5);
}

#[tokio::test]
async fn a_product_has_up_to_forty_variants_in_the_order_they_were_given() {
    let app = App::start().await;
    let variant = |n: i32| {
        let (sku, options) = (format!("MUG-{}", 40 - n), json!({"size": n.to_string()}));
        json!({"sku": sku, "options": options, "stock": n})
    };
    let variants: Vec<_> = (0..40).map(variant).collect();

    let mug = create_product(&app.admin().await, mug_with_variants(json!(variants))).await;

    let shown = mug["variants"].as_array().expect("variants");
    assert_eq!(shown.len(), 40);
    for (shown, given) in shown.iter().zip(&variants) {
        assert_eq!(shown["sku"], given["sku"]);
        assert_eq!(shown["available"], given["stock"]);
    }
}

/// Posts each of these bodies; checks the errors named with it, and that nothing is written.
async fn expect_errors(cases: &[(&str, Value, &str)]) {
    let app = App::start().await;
    let admin = app.admin().await;
    let before = app.items().await.len();
    for (why, body, expected) in cases {
        let answer = admin.post("/products", body.clone()).await;
        assert_eq!(answer.broken(), *expected, "{why}");
    }
    assert_eq!(app.items().await.len(), before, "nothing is written");
}

/// Cases whose second part is put into a valid body by `body`.
fn cases<'a>(
    body: fn(Value) -> Value,
    cases: impl IntoIterator<Item = (&'a str, Value, &'a str)>,
) -> Vec<(&'a str, Value, &'a str)> {
    cases.into_iter().map(|(why, part, expected)| (why, body(part), expected)).collect()
}

#[tokio::test]
async fn a_body_that_is_not_a_product_is_rejected() {
    expect_errors(&[
        ("an array", json!([]), " wrong_type"),
        ("null", json!(null), " wrong_type"),
        ("a string", json!("mug"), " wrong_type"),
        ("nothing said", json!({}), "/name required, /price required"),
        (
            "everything wrong at once",
            json!({
                "name": "",
                "price": usd(-1),
                "stock": -1,
                "tags": [5, ""],
                "cents": 1,
                "variants": [{"sku": "a b"}],
            }),
            "/cents unknown_field, /name too_short, /price/amount negative, \
             /stock stock_out_of_range, /tags/0 wrong_type, /tags/1 too_short, \
             /variants/0/sku invalid_sku",
        ),
    ])
    .await;
}

#[tokio::test]
async fn invalid_names_categories_tags_and_images_are_rejected() {
    let long = |length| "x".repeat(length);
    let image = "https://img.example.com/a.jpg";
    let script = "javascript:alert(1)";
    expect_errors(&cases(
        mug_with,
        [
            ("null for a name", json!({"name": null}), "/name wrong_type"),
            ("a number for a name", json!({"name": 5}), "/name wrong_type"),
            ("a blank name", json!({"name": "  "}), "/name too_short"),
            ("a name of 256 characters", json!({"name": long(256)}), "/name too_long"),
            ("a name with a zero byte", json!({"name": "a\0b"}), "/name control_character"),
            (
                "a description of 32,001 characters",
                json!({"description": long(32_001)}),
                "/description too_long",
            ),
            ("a category's name", json!({"category": "Kitchen"}), "/category invalid_slug"),
            ("a category with an accent", json!({"category": "café"}), "/category invalid_slug"),
            ("a category of hyphens only", json!({"category": "--"}), "/category invalid_slug"),
            ("a list of brands", json!({"brand": ["a"]}), "/brand wrong_type"),
            ("one tag, not a list", json!({"tags": "a"}), "/tags wrong_type"),
            ("21 tags", json!({"tags": vec!["a"; 21]}), "/tags too_many"),
            ("a blank tag", json!({"tags": ["a", " "]}), "/tags/1 too_short"),
            ("a tag of 61 characters", json!({"tags": [long(61)]}), "/tags/0 too_long"),
            ("21 images", json!({"images": vec![image; 21]}), "/images too_many"),
            ("a script for an image", json!({"images": [image, script]}), "/images/1 invalid_url"),
            ("a relative image", json!({"images": ["a.jpg"]}), "/images/0 invalid_url"),
            ("an image without a URL", json!({"images": [{"alt": "A"}]}), "/images/0/url required"),
            (
                "an image with a long text",
                json!({"images": [{"url": image, "alt": long(501)}]}),
                "/images/0/alt too_long",
            ),
            (
                "an image with a title",
                json!({"images": [{"url": image, "title": "A"}]}),
                "/images/0/title unknown_field",
            ),
            ("a number for a tax class", json!({"tax_class": 19}), "/tax_class wrong_type"),
            ("a status that isn't one", json!({"status": "sold"}), "/status unknown_value"),
        ],
    ))
    .await;
}

#[tokio::test]
async fn a_price_is_whole_minor_units_of_the_shops_currency() {
    let price = |price: Value| mug_with(json!({"price": price}));
    expect_errors(&cases(
        price,
        [
            ("a bare number", json!(1800), "/price wrong_type"),
            ("null", json!(null), "/price wrong_type"),
            (
                "decimals",
                json!({"amount": 18.5, "currency": "USD"}),
                "/price/amount not_minor_units",
            ),
            (
                "a decimal point",
                json!({"amount": 18.0, "currency": "USD"}),
                "/price/amount not_minor_units",
            ),
            ("a text", json!({"amount": "1800", "currency": "USD"}), "/price/amount wrong_type"),
            ("a negative amount", usd(-1), "/price/amount negative"),
            ("an amount beyond the limit", usd(i64::MAX), "/price/amount too_large"),
            ("no amount", json!({"currency": "USD"}), "/price/amount required"),
            ("no currency", json!({"amount": 1}), "/price/currency required"),
            (
                "an unknown currency",
                json!({"amount": 1, "currency": "usd"}),
                "/price/currency unknown_currency",
            ),
            (
                "another shop's currency",
                json!({"amount": 1, "currency": "EUR"}),
                "/price/currency wrong_currency",
            ),
            (
                "an unknown member",
                json!({"amount": 1, "currency": "USD", "tax": 1}),
                "/price/tax unknown_field",
            ),
        ],
    ))
    .await;
}

#[tokio::test]
async fn a_price_to_compare_with_is_above_the_price() {
    let too_low = "/compare_at_price compare_at_price_too_low";
    expect_errors(&cases(
        mug_with,
        [
            ("the same", json!({"compare_at_price": usd(1800)}), too_low),
            ("less", json!({"compare_at_price": usd(1)}), too_low),
            (
                "of another shop",
                json!({"compare_at_price": {"amount": 2000, "currency": "EUR"}}),
                "/compare_at_price/currency wrong_currency",
            ),
        ],
    ))
    .await;
    let too_low = "/variants/0/compare_at_price compare_at_price_too_low";
    let of_variant = |variant: Value| mug_with_variants(json!([variant]));
    expect_errors(&cases(
        of_variant,
        [
            ("not above the product's", json!({"compare_at_price": usd(1800)}), too_low),
            (
                "not above the variant's",
                json!({"price": usd(2000), "compare_at_price": usd(1900)}),
                too_low,
            ),
        ],
    ))
    .await;
}

#[tokio::test]
async fn prices_are_on_the_currencys_step() {
    let dinar = Currency::parse("KWD".to_owned()).expect("a currency");
    let app = App::builder().configure(|config| config.currency = dinar).start().await;
    let admin = app.admin().await;
    let dinars = |fils: i64| json!({"amount": fils, "currency": "KWD"});
    let body = |price, compared, of_variant| {
        let variant = json!({"price": dinars(of_variant)});
        json!({
            "name": "Mug",
            "price": dinars(price),
            "compare_at_price": dinars(compared),
            "variants": [variant],
        })
    };

    let refused = admin.post("/products", body(1501, 2005, 1499)).await;

    let expected = "/compare_at_price/amount not_a_multiple, /price/amount not_a_multiple, \
                    /variants/0/price/amount not_a_multiple";
    assert_eq!(refused.broken(), expected);
    let refused = admin.post("/products", body(1500, 2000, 1499)).await;
    refused.expect_problem(422, "not_a_multiple");
    create_product(&admin, body(1500, 2000, 1490)).await;
}

/// A product of 40 variants with long options and images, whose view has `size` bytes.
async fn largest(app: &App, size: usize) -> Value {
    let variant = |number: usize| {
        let value = format!("{number:02} {}", "ä".repeat(200));
        json!({
            "sku": format!("LARGE-{number}"),
            "options": {"size": value, "colour": value},
            "image": format!("https://img.example.com/{number}/{}.jpg", "x".repeat(1300)),
            "stock": 5,
        })
    };
    let variants: Vec<_> = (0..40).map(variant).collect();
    let of = |length: usize| {
        json!({
            "name": "Largest",
            "description": "d".repeat(length),
            "price": usd(100),
            "variants": variants,
        })
    };
    let shown = create_product(&app.admin().await, of(1)).await;
    let path = format!("/products/{}", shown["id"].as_str().expect("an id"));
    let length = size - app.admin().await.get(&path).await.text.len() + 1;
    app.admin().await.delete(&path).await.expect(204);
    of(length)
}

#[tokio::test]
async fn the_largest_product_is_stored_read_edited_and_ordered() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let refused = admin.post("/products", largest(&app, 120 * 1024 + 1).await).await;
    assert_eq!(refused.broken(), " product_too_large");

    let product = create_product(&admin, largest(&app, 120 * 1024).await).await;

    let path = format!("/products/{}", product["id"].as_str().expect("an id"));
    let shown = admin.get(&path).await;
    assert_eq!(shown.text.len(), 120 * 1024);
    let mut product = shown.expect(200);
    product["name"] = json!("L");
    let edited = admin.put(&path, product.clone()).await.expect(200);
    assert_eq!(edited["variants"], product["variants"]);
    product["description"] =
        json!(format!("{}....................", product["description"].as_str().unwrap()));
    assert_eq!(admin.put(&path, product).await.broken(), " product_too_large");
    for number in 0..40 {
        let item = json!({"sku": format!("LARGE-{number}"), "quantity": 1});
        ada.post("/cart/items", item).await.expect(200);
    }
    let order = ada.post("/orders", json!({})).await.expect(201);
    assert_eq!(order["items"].as_array().map(Vec::len), Some(40));
}

#[tokio::test]
async fn stock_is_a_whole_number_up_to_a_billion() {
    expect_errors(&cases(
        mug_with,
        [
            ("a negative stock", json!({"stock": -1}), "/stock stock_out_of_range"),
            ("half a mug", json!({"stock": 1.5}), "/stock wrong_type"),
            ("a text", json!({"stock": "5"}), "/stock wrong_type"),
            ("too many", json!({"stock": 1_000_000_001}), "/stock stock_out_of_range"),
            (
                "a negative threshold",
                json!({"low_stock_threshold": -1}),
                "/low_stock_threshold stock_out_of_range",
            ),
            ("stock together with variants", json!({"variants": [{}]}), "/stock stock_of_variants"),
        ],
    ))
    .await;
}

#[tokio::test]
async fn invalid_variants_are_rejected() {
    let long = |length| "x".repeat(length);
    let sized = |size: &str| json!({"options": {"size": size}});
    let many: Vec<_> = (0..41).map(|n| sized(&n.to_string())).collect();
    let six: Value = ["a", "b", "c", "d", "e", "f"].iter().map(|name| (*name, "1")).collect();
    let same_sku = json!([
        {"sku": "A", "options": {"size": "S"}},
        {"sku": "A", "options": {"size": "M"}},
    ]);
    expect_errors(&cases(
        mug_with_variants,
        [
            ("none", json!([]), "/variants too_few"),
            ("41", json!(many), "/variants too_many"),
            ("an object instead of a list", json!({"S": {}}), "/variants wrong_type"),
            ("a number instead of a variant", json!([5]), "/variants/0 wrong_type"),
            (
                "options of 1,025 bytes",
                json!([{"options": {"a": long(255), "b": long(255), "c": long(255), "d": long(255), "e": "x"}}]),
                "/variants/0/options options_too_long",
            ),
            (
                "an option's value of 256",
                json!([sized(&long(256))]),
                "/variants/0/options/size too_long",
            ),
            (
                "an option's name of 61",
                json!([{"options": {long(61): "x"}}]),
                &format!("/variants/0/options/{} too_long", long(61)),
            ),
            ("a weight of half a gram", json!([{"weight_grams": 0.5}]), "/variants/0/weight_grams wrong_type"),
            ("less than no weight", json!([{"weight_grams": -1}]), "/variants/0/weight_grams weight_out_of_range"),
            ("a text for tracking", json!([{"track_stock": "no"}]), "/variants/0/track_stock wrong_type"),
            ("a barcode of 61", json!([{"barcode": long(61)}]), "/variants/0/barcode too_long"),
            ("an object for an image", json!([{"image": {"url": "https://a.example/"}}]), "/variants/0/image wrong_type"),
            ("a space in a SKU", json!([{"sku": "a b"}]), "/variants/0/sku invalid_sku"),
            ("a SKU of 65", json!([{"sku": long(65)}]), "/variants/0/sku invalid_sku"),
            ("a hash in a SKU", json!([{"sku": "A#1"}]), "/variants/0/sku invalid_sku"),
            ("one SKU twice", same_sku, "/variants/1/sku duplicate"),
            (
                "one set of options twice",
                json!([sized("S"), sized("M"), sized("S")]),
                "/variants/2/options duplicate",
            ),
            (
                "options that differ in spaces only",
                json!([sized("S"), sized(" S ")]),
                "/variants/1/options duplicate",
            ),
            ("two variants without options", json!([{}, {}]), "/variants/1/options duplicate"),
            (
                "options whose names differ in case only",
                json!([
                    {"options": {"Size": "S", "colour": "sand"}},
                    {"options": {"Colour": "sand", "size": "S"}},
                ]),
                "/variants/1/options duplicate",
            ),
            (
                "six option names in total",
                json!([
                    {"options": {"a": "1", "b": "1", "c": "1"}},
                    {"options": {"a": "1", "B": "2", "d": "1", "e": "1"}},
                    {"options": {"f": "1"}},
                    {"options": {"g": "1"}},
                ]),
                "/variants/2/options too_many",
            ),
            (
                "a price in euros",
                json!([{"price": {"amount": 1, "currency": "EUR"}}]),
                "/variants/0/price/currency wrong_currency",
            ),
            (
                "a decimal price",
                json!([{"price": {"amount": 0.5, "currency": "USD"}}]),
                "/variants/0/price/amount not_minor_units",
            ),
            ("a negative stock", json!([{"stock": -5}]), "/variants/0/stock stock_out_of_range"),
            ("a list of options", json!([{"options": ["S"]}]), "/variants/0/options wrong_type"),
            ("six options", json!([{"options": six}]), "/variants/0/options too_many"),
        ],
    ))
    .await;
    let options = |options: Value| mug_with_variants(json!([{"options": options}]));
    expect_errors(&cases(
        options,
        [
            ("a number", json!({"size": 5}), "/variants/0/options/size wrong_type"),
            ("a blank", json!({"size": ""}), "/variants/0/options/size too_short"),
            ("no name", json!({"": "S"}), "/variants/0/options/ too_short"),
            (
                "two of them",
                json!({"a": 1, "b": null}),
                "/variants/0/options/a wrong_type, /variants/0/options/b wrong_type",
            ),
            (
                "one spelled twice",
                json!({"size": "S", "size ": "M"}),
                "/variants/0/options/size  duplicate",
            ),
            (
                "one in capitals, too",
                json!({"SIZE": "S", "size": "M"}),
                "/variants/0/options/size duplicate",
            ),
        ],
    ))
    .await;
}

#[tokio::test]
async fn invalid_option_names_are_rejected() {
    let six = ["a", "b", "c", "d", "e", "f"];
    expect_errors(&cases(
        |options| mug_with(json!({"options": options})),
        [
            ("one name, no list", json!("size"), "/options wrong_type"),
            ("a number", json!(["size", 5]), "/options/1 wrong_type"),
            ("a blank", json!([" "]), "/options/0 too_short"),
            ("a name of 61", json!(["x".repeat(61)]), "/options/0 too_long"),
            ("six", json!(six), "/options too_many"),
            ("one twice", json!(["size", "colour", "Size"]), "/options/2 duplicate"),
        ],
    ))
    .await;
    let mut body = mug_with_variants(json!([{"options": {"e": "1"}}, {"options": {"f": "1"}}]));
    body["options"] = json!(six[..5]);
    let app = App::start().await;
    let answer = app.admin().await.post("/products", body).await;
    assert_eq!(answer.broken(), "/variants/1/options too_many");
}

/// A body as text, because `json!` sorts members; `options` is its member of that name.
fn linen_tee(options: &str) -> String {
    format!(
        r#"{{"name": "Linen Tee", "price": {{"amount": 2900, "currency": "USD"}}, {options}
        "variants": [
            {{"sku": "A", "options": {{"Size": "S", "colour": "sand"}}, "stock": 5}},
            {{"sku": "B", "options": {{"COLOUR": "navy", "fit": "slim", "size": "S"}}, "stock": 5}},
            {{"sku": "C", "options": {{"SIZE": "M"}}, "stock": 5}}
        ]}}"#
    )
}

#[tokio::test]
async fn options_have_the_same_order_and_spelling_everywhere() {
    for (options, names, shown) in [
        (
            "",
            json!(["Size", "colour", "fit"]),
            [
                r#"{"Size":"S","colour":"sand"}"#,
                r#"{"Size":"S","colour":"navy","fit":"slim"}"#,
                r#"{"Size":"M"}"#,
            ],
        ),
        (
            r#""options": ["Colour", "Fabric", "size"],"#,
            json!(["Colour", "Fabric", "size", "fit"]),
            [
                r#"{"Colour":"sand","size":"S"}"#,
                r#"{"Colour":"navy","size":"S","fit":"slim"}"#,
                r#"{"size":"M"}"#,
            ],
        ),
    ] {
        let app = App::start().await;
        let (admin, ada) = (app.admin().await, app.customer("ada").await);
        let body = linen_tee(options);

        let create_product =
            admin.call("POST", "/products").body("application/json", &body).send().await;

        assert_eq!(create_product.body["options"], names);
        for sku in ["A", "B", "C"] {
            ada.post("/cart/items", json!({"sku": sku, "quantity": 1})).await.expect(200);
        }
        let path = format!(
            "/products/{}",
            create_product.clone().expect(201)["id"].as_str().expect("an id")
        );
        let (product, cart) = (ada.get(&path).await, ada.get("/cart").await);
        let order = ada.post("/orders", json!({})).await;
        let order_path = order.header("location").expect("a Location").to_owned();
        let (found, list) = (ada.get(&order_path).await, ada.get("/orders").await);
        for answer in [create_product, product, cart, order, found, list] {
            for (sku, options) in ["A", "B", "C"].into_iter().zip(shown) {
                let text = format!(r#""options":{options}"#);
                assert!(answer.text.contains(&text), "{sku}: {text} in {}", answer.text);
            }
        }
        let list = ada.get("/products").await.expect(200);
        assert_eq!(list["data"][0]["sizes"], json!(["S", "M"]));
    }
}

#[tokio::test]
async fn members_that_only_the_shop_sets_are_rejected() {
    let id = "prd_01890a5d-ac96-774b-bcce-b302099a8057";
    expect_errors(&cases(
        mug_with,
        [
            ("an id", json!({"id": id}), "/id unknown_field"),
            ("a slug", json!({"slug": "mug"}), "/slug unknown_field"),
            ("a version", json!({"version": 7}), "/version unknown_field"),
            ("a rating", json!({"rating": {"average": 5, "count": 99}}), "/rating unknown_field"),
            ("a flag", json!({"in_stock": true}), "/in_stock unknown_field"),
            ("a date", json!({"created_at": "2020-01-01T00:00:00Z"}), "/created_at unknown_field"),
            (
                "the table's own attributes",
                json!({"pk": "SKU#A", "listing": "ACTIVE"}),
                "/listing unknown_field, /pk unknown_field",
            ),
            ("a name with a slash", json!({"a/b~c": 1}), "/a~1b~0c unknown_field"),
        ],
    ))
    .await;
    let variant = |variant: Value| mug_with_variants(json!([variant]));
    expect_errors(&cases(
        variant,
        [
            ("of a variant", json!({"available": 5}), "/variants/0/available unknown_field"),
            ("its price", json!({"unit_price": usd(5)}), "/variants/0/unit_price unknown_field"),
            ("nor anything else", json!({"colour": "red"}), "/variants/0/colour unknown_field"),
        ],
    ))
    .await;
}

#[tokio::test]
async fn errors_of_all_rules_about_the_whole_product_are_reported_at_once() {
    let app = App::start().await;
    let euros = json!({"amount": 1, "currency": "EUR"});
    let body = json!({
        "name": "Mug",
        "price": euros,
        "stock": 1,
        "tags": vec!["a"; 21],
        "variants": [{"price": euros}, {}],
    });

    let answer = app.admin().await.post("/products", body).await;

    let expected = "/price/currency wrong_currency, /stock stock_of_variants, /tags too_many, \
                    /variants/0/price/currency wrong_currency, /variants/1/options duplicate";
    assert_eq!(answer.broken(), expected);
    answer.expect_problem(422, "invalid_input");
}

#[tokio::test]
async fn unreadable_fields_and_broken_rules_are_reported_at_once() {
    let app = App::start().await;
    let euros = json!({"amount": 1, "currency": "EUR"});
    let mut images = vec![json!("https://img.example.com/a.jpg"); 21];
    images[7] = json!("a.jpg");
    let body = json!({
        "name": "",
        "price": euros,
        "cents": 1,
        "tags": vec![json!(5); 21],
        "images": images,
        "variants": [
            {"sku": "A", "options": {"size": "S"}},
            {"sku": "A", "options": {"size": 5}, "price": euros},
            {"sku": "a b", "options": {"size": "S"}, "stock": -1, "colour": "red"},
            7,
        ],
    });

    let answer = app.admin().await.post("/products", body).await;

    let tags: String = (0..21).map(|n| format!("/tags/{n} wrong_type, ")).collect();
    let mut expected: Vec<_> = tags.trim_end_matches(", ").split(", ").collect();
    expected.extend([
        "/cents unknown_field",
        "/images too_many",
        "/images/7 invalid_url",
        "/name too_short",
        "/price/currency wrong_currency",
        "/tags too_many",
        "/variants/1/options/size wrong_type",
        "/variants/1/price/currency wrong_currency",
        "/variants/1/sku duplicate",
        "/variants/2/colour unknown_field",
        "/variants/2/options duplicate",
        "/variants/2/sku invalid_sku",
        "/variants/2/stock stock_out_of_range",
        "/variants/3 wrong_type",
    ]);
    expected.sort_unstable();
    assert_eq!(answer.broken(), expected.join(", "));
}

#[tokio::test]
async fn the_error_for_a_decimal_price_names_minor_units() {
    let app = App::start().await;
    let body = mug_with(json!({"price": {"amount": 19.99, "currency": "USD"}}));

    let problem = app.admin().await.post("/products", body).await;

    let problem = problem.expect_problem(422, "not_minor_units");
    let detail = problem["errors"][0]["detail"].as_str().expect("a detail");
    assert!(detail.contains("minor units"), "{detail}");
}

#[tokio::test]
async fn a_sku_of_another_product_is_sku_taken_and_nothing_is_written() {
    let app = App::start().await;
    let admin = app.admin().await;
    create_sku(&admin, "MUG", 1800, 5).await;
    let before = app.items().await.len();
    let body = mug_with_variants(json!([
        {"sku": "MUG-S", "options": {"size": "S"}},
        {"sku": "MUG", "options": {"size": "M"}},
    ]));

    let problem = admin.post("/products", body).await.expect_problem(409, "sku_taken");

    assert_eq!(problem["sku"], "MUG");
    assert_eq!(app.items().await.len(), before);
    create_sku(&admin, "MUG-S", 1800, 5).await;
    create_sku(&admin, "mug", 1800, 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_products_created_with_one_sku_at_once_exactly_one_succeeds() {
    let app = App::start().await;
    let admin = app.admin().await;
    let body = mug_with_variants(json!([{"sku": "MUG", "stock": 5}]));

    let answers = join_all((0..20).map(|_| admin.post("/products", body.clone()))).await;

    assert_eq!(tally(&answers), [(201, 1), (409, 19)].into());
    let list = app.anonymous().get("/products").await.expect(200);
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn only_admins_create_products() {
    let app = App::start().await;
    let body = product("Stoneware Mug", 1800, 5);

    let answer = app.anonymous().post("/products", body.clone()).await;
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    answer.expect_problem(401, "unauthenticated");
    let answer = app.customer("ada").await.post("/products", body).await;
    answer.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn checks_come_in_the_order_of_the_contract() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    create_sku(&admin, "MUG", 1800, 5).await;
    let taken = mug_with_variants(json!([{"sku": "MUG"}])).to_string();
    let unfit = mug_with_variants(json!([{"sku": "MUG"}, {"sku": "?"}])).to_string();
    let huge = " ".repeat(128 * 1024) + "{";
    for (status, who, content_type, body) in [
        (413, &app.anonymous(), "text/plain", huge.as_str()),
        (401, &app.anonymous(), "text/plain", "{"),
        (403, &ada, "text/plain", "{"),
        (415, &admin, "text/plain", "{"),
        (400, &admin, "application/json", "{"),
        (422, &admin, "application/json", &unfit),
        (409, &admin, "application/json", &taken),
    ] {
        let answer = who.call("POST", "/products").body(content_type, body).send().await;
        assert_eq!(answer.status, status, "{:#}", answer.body);
    }
}

#[tokio::test]
async fn a_body_has_128_kib_at_most_and_more_is_not_even_read() {
    let app = App::start().await;
    let admin = app.admin().await;
    let body = product("Stoneware Mug", 1800, 5).to_string();
    let padded = |length: usize| format!("{body}{}", " ".repeat(length - body.len()));
    let post = |body: String| admin.call("POST", "/products").body("application/json", &body);

    post(padded(128 * 1024)).send().await.expect(201);
    for body in [padded(128 * 1024 + 1), "x".repeat(2_000_000)] {
        let problem = post(body).send().await.expect_problem(413, "body_too_large");
        assert_eq!(problem["limit"], 128 * 1024);
    }
    let hidden = base64::encode(padded(128 * 1024 + 1));
    post(hidden).base64().send().await.expect_problem(413, "body_too_large");
}

#[tokio::test]
async fn a_body_that_is_not_json_is_rejected_before_anything_else() {
    let app = App::start().await;
    let admin = app.admin().await;
    let good = product("Stoneware Mug", 1800, 5).to_string();
    let (deep, list) = ("{\"name\":".repeat(5_000), "[".repeat(5_000));
    for (why, content_type, body, status, code) in [
        ("empty", "application/json", "", 400, "invalid_json"),
        ("cut off", "application/json", &good[..good.len() - 1], 400, "invalid_json"),
        ("two documents", "application/json", "{}{}", 400, "invalid_json"),
        ("single quotes", "application/json", "{'name': 'Mug'}", 400, "invalid_json"),
        ("not a number", "application/json", r#"{"stock": NaN}"#, 400, "invalid_json"),
        ("beyond numbers", "application/json", r#"{"stock": 1e999}"#, 400, "invalid_json"),
        ("an unpaired surrogate", "application/json", r#"{"name": "\ud800"}"#, 400, "invalid_json"),
        ("5,000 objects deep", "application/json", &deep, 400, "invalid_json"),
        ("5,000 arrays deep", "application/json", &list, 400, "invalid_json"),
        ("plain text", "text/plain", &good, 415, "unsupported_media_type"),
        ("a form", "application/x-www-form-urlencoded", &good, 415, "unsupported_media_type"),
        (
            "another charset",
            "application/json; charset=latin1",
            &good,
            415,
            "unsupported_media_type",
        ),
        ("no type", "", &good, 415, "unsupported_media_type"),
    ] {
        let answer = admin.call("POST", "/products").body(content_type, body).send().await;
        assert_eq!(answer.status, status, "{why}: {:#}", answer.body);
        answer.expect_problem(status, code);
    }
    let bytes = base64::encode([0x22, 0xff, 0xfe, 0x22]);
    let call = admin.call("POST", "/products").body("application/json", &bytes).base64();
    call.send().await.expect_problem(400, "invalid_json");
}

#[tokio::test]
async fn a_body_may_come_in_base64_and_with_parameters_of_its_type() {
    let app = App::start().await;
    let admin = app.admin().await;
    let body = product("Stoneware Mug", 1800, 5).to_string();

    let call = admin.call("POST", "/products");
    call.body("application/json", &base64::encode(&body)).base64().send().await.expect(201);
    let call = admin.call("POST", "/products");
    call.body("Application/JSON; charset=\"UTF-8\"", &body).send().await.expect(201);
}
