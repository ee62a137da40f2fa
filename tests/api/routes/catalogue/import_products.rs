//! `POST /products/import`

use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use shared::domain::quantity::Stock;
use shared::store::products::{NotSet, StockSetting};
use tests::answer::Answer;
use tests::app::App;
use tests::gate::Loss;
use tests::persona::Persona;
use tests::samples::{available, create_product, create_sku, id, order_of, path_of, usd};

use crate::flows::catalogue_log::has_ended_after;

const NDJSON: &str = "application/x-ndjson";
const CSV: &str = "text/csv";

/// Imports rows as NDJSON.
async fn import(admin: &Persona<'_>, rows: &[Value]) -> Value {
    send(admin, "/products/import", rows).await.expect(200)
}

async fn send(admin: &Persona<'_>, target: &str, rows: &[Value]) -> Answer {
    let lines: Vec<_> = rows.iter().map(Value::to_string).collect();
    admin.call("POST", target).body(NDJSON, &lines.join("\n")).send().await
}

async fn import_csv(admin: &Persona<'_>, file: &str) -> Value {
    admin.call("POST", "/products/import").body(CSV, file).send().await.expect(200)
}

/// Returns how many rows were created, updated, unchanged, failed and not processed.
fn counts(result: &Value) -> [u64; 5] {
    ["created", "updated", "unchanged", "failed", "not_processed"]
        .map(|member| result[member].as_u64().expect("a number"))
}

/// Returns line, status and code of each row.
fn outcomes(result: &Value) -> Vec<(u64, &str, &str)> {
    let rows = result["results"].as_array().expect("results").iter();
    rows.map(|row| {
        let text = |member: &str| row[member].as_str().unwrap_or_default();
        (row["line"].as_u64().expect("a line"), text("status"), text("code"))
    })
    .collect()
}

/// Returns the product of the row at `index`.
async fn product_of(admin: &Persona<'_>, result: &Value, index: usize) -> Value {
    let id = result["results"][index]["id"].as_str().expect("a product").to_owned();
    admin.get(&format!("/products/{id}")).await.expect(200)
}

fn row(sku: &str, name: &str, cents: i64) -> Value {
    json!({"sku": sku, "name": name, "price": usd(cents)})
}

#[tokio::test]
async fn rows_create_products_and_the_same_rows_change_and_write_nothing() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("mugs").await;
    let rows = [
        json!({"sku": "MUG", "name": "Mug", "price": usd(1800), "category": "mugs", "stock": 5,
            "tags": ["clay"], "images": [{"url": "https://img.example.com/m.jpg", "alt": "A mug"}],
            "barcode": "4006381333931", "weight_grams": 300}),
        json!({"group": "tee", "sku": "TEE-S", "name": "Tee", "price": usd(2500),
            "options": {"Size": "S"}, "option_names": ["Colour", "Size"]}),
        json!({"group": "tee", "sku": "TEE-M", "options": {"size": "M", "colour": "red"},
            "variant_price": usd(2700), "track_stock": false, "name": "ignored"}),
    ];

    let first = import(&admin, &rows).await;
    assert_eq!(counts(&first), [3, 0, 0, 0, 0], "{first}");
    let mug = product_of(&admin, &first, 0).await;
    assert_eq!(mug["variants"][0]["available"], 5);
    assert_eq!(mug["variants"][0]["barcode"], "4006381333931");
    assert_eq!(mug["category"], "mugs");
    let tee = product_of(&admin, &first, 1).await;
    assert_eq!(first["results"][1]["id"], first["results"][2]["id"]);
    assert_eq!((&tee["name"], &tee["options"]), (&json!("Tee"), &json!(["Colour", "Size"])));
    assert_eq!(tee["variants"][1]["options"], json!({"Colour": "red", "Size": "M"}));
    assert_eq!(tee["variants"][1]["unit_price"], usd(2700));

    app.take_count("import-products");
    let second = import(&admin, &rows).await;
    assert_eq!(counts(&second), [0, 0, 3, 0, 0], "{second}");
    assert_eq!(app.take_count("import-products").writes, 0);
    assert_eq!(product_of(&admin, &second, 1).await, tee);
}

#[tokio::test]
async fn a_separator_in_quotes_is_none() {
    let app = App::start().await;
    let admin = app.admin().await;
    let file = "sku,name,price,\"option:a;b;c;d;e\"\nALE,Ale,500,x\n";
    let result = import_csv(&admin, file).await;
    assert_eq!(counts(&result), [1, 0, 0, 0, 0], "{result}");
    let ale = product_of(&admin, &result, 0).await;
    assert_eq!(ale["variants"][0]["options"], json!({"a;b;c;d;e": "x"}));
}

#[tokio::test]
async fn an_absent_member_stays_and_null_clears_it() {
    let app = App::start().await;
    let admin = app.admin().await;
    let body = json!({"name": "Tee", "description": "Soft.", "brand": "Nord", "price": usd(2500),
        "tags": ["linen"], "variants": [
            {"sku": "TEE-S", "options": {"size": "S", "colour": "red"}, "barcode": "1", "stock": 2},
            {"sku": "TEE-M", "options": {"size": "M"}, "stock": 3}]});
    let tee = create_product(&admin, body).await;

    let rows = [json!({"sku": "TEE-S", "brand": null, "tags": null, "barcode": null, "stock": 99,
        "options": {"colour": null, "fit": "slim"}, "variant_price": usd(2000)})];
    let result = import(&admin, &rows).await;

    assert_eq!(outcomes(&result), [(1, "updated", "")], "{result}");
    let after = admin.get(&path_of(&tee)).await.expect(200);
    assert_eq!((&after["description"], &after["brand"]), (&json!("Soft."), &Value::Null));
    assert_eq!(after["tags"], json!([]));
    let small = &after["variants"][0];
    assert_eq!(small["options"], json!({"size": "S", "fit": "slim"}));
    assert_eq!((&small["barcode"], &small["available"]), (&Value::Null, &json!(2)));
    assert_eq!(after["variants"][1], tee["variants"][1], "no row withdraws or changes it");
    assert_eq!(after["version"], 2);
}

#[tokio::test]
async fn good_rows_are_taken_whatever_the_bad_ones_are() {
    let app = App::start().await;
    let admin = app.admin().await;
    let rows = [
        row("A", "Ale", 500),
        json!({"sku": "B", "name": "", "price": usd(500)}),
        json!({"sku": "C D", "name": "Spaced", "price": usd(500)}),
        json!({"name": "Nameless", "price": usd(500)}),
        json!({"sku": "E", "name": "Euro", "price": {"amount": 1, "currency": "EUR"}}),
        json!({"sku": "F", "name": "Far", "price": usd(1), "category": "nowhere"}),
        json!({"sku": "G", "name": "Sum", "price": usd(1), "colour": "red", "status": "gone"}),
        row("A", "Ale again", 500),
        json!({"group": "h", "sku": "H-1", "price": usd(5)}),
        json!({"group": "h", "sku": "H-2", "options": {"size": "M"}}),
        json!({"group": "i", "sku": "I-1", "name": "Ink", "price": usd(5)}),
        json!({"group": "i", "sku": "I-2", "weight_grams": -1}),
        json!({"group": "i", "sku": "I-3", "options": {"size": "M"}}),
        json!({"group": "i", "sku": "I-4", "options": {"size": "M"}}),
        json!([1]),
        row("Z", "Zest", 500),
    ];

    let result = import(&admin, &rows).await;

    let expected = [
        (1, "created", ""),
        (2, "failed", "required"),
        (3, "failed", "invalid_sku"),
        (4, "failed", "required"),
        (5, "failed", "wrong_currency"),
        (6, "failed", "unknown_category"),
        (7, "failed", "invalid_input"),
        (8, "failed", "duplicate"),
        (9, "failed", "required"),
        (10, "failed", "required"),
        (11, "created", ""),
        (12, "failed", "weight_out_of_range"),
        (13, "created", ""),
        (14, "failed", "duplicate"),
        (15, "failed", "wrong_type"),
        (16, "created", ""),
    ];
    assert_eq!(outcomes(&result), expected, "{result}");
    assert_eq!(counts(&result), [4, 0, 0, 12, 0]);
    let detail = |index: usize| result["results"][index]["detail"].as_str().expect("a detail");
    assert!(detail(9).starts_with("Line 9,"), "{}", detail(9));
    assert!(detail(6).contains("colour: ") && detail(6).contains("status: "), "{}", detail(6));
    assert!(detail(13).starts_with("options: "), "{}", detail(13));
    let ink = product_of(&admin, &result, 10).await;
    assert_eq!(ink["variants"].as_array().map(Vec::len), Some(2), "{ink}");
}

#[tokio::test]
async fn a_known_sku_decides_its_product_and_a_group_has_one_product() {
    let app = App::start().await;
    let admin = app.admin().await;
    let ale = create_sku(&admin, "ALE", 500, 1).await;
    create_sku(&admin, "BUN", 300, 1).await;

    let rows = [
        json!({"group": "g", "sku": "ALE-L"}),
        json!({"group": "g", "sku": "ALE", "options": {"size": "S"}}),
        json!({"group": "two", "sku": "ALE-XL"}),
        json!({"sku": "BUN", "barcode": "1"}),
    ];
    let result = import(&admin, &rows).await;
    let expected = [
        (1, "created", ""),
        (2, "updated", ""),
        (3, "failed", "invalid_input"),
        (4, "updated", ""),
    ];
    assert_eq!(outcomes(&result), expected, "{result}");
    let after = admin.get(&path_of(&ale)).await.expect(200);
    assert_eq!(after["variants"].as_array().map(Vec::len), Some(2), "{after}");

    let rows = [json!({"group": "g", "sku": "ALE"}), json!({"group": "g", "sku": "BUN"})];
    let result = import(&admin, &rows).await;
    assert_eq!(outcomes(&result), [(1, "failed", "sku_taken"), (2, "failed", "sku_taken")]);
}

#[tokio::test]
async fn a_withdrawn_variant_comes_back_by_its_row_and_a_deleted_products_sku_is_free() {
    let app = App::start().await;
    let admin = app.admin().await;
    let body = json!({"name": "Tee", "price": usd(2500), "variants": [
        {"sku": "T-S", "options": {"size": "S"}, "stock": 2},
        {"sku": "T-M", "options": {"size": "M"}, "stock": 3}]});
    let tee = create_product(&admin, body).await;
    let mut small_only = tee.clone();
    small_only["variants"].as_array_mut().expect("variants").pop();
    small_only["variants"][0].as_object_mut().expect("a variant").remove("available");
    admin.put(&path_of(&tee), small_only).await.expect(200);
    let gone = create_sku(&admin, "GONE", 500, 1).await;
    admin.delete(&path_of(&gone)).await.expect(204);

    let result = import(&admin, &[json!({"sku": "T-M"}), row("GONE", "Back", 700)]).await;
    assert_eq!(outcomes(&result), [(1, "updated", ""), (2, "created", "")], "{result}");
    let after = admin.get(&path_of(&tee)).await.expect(200);
    assert_eq!(after["variants"][1]["available"], 3, "{after}");
    assert_ne!(result["results"][1]["id"], gone["id"]);
}

#[tokio::test]
async fn a_csv_says_the_same_as_json() {
    let app = App::start().await;
    let admin = app.admin().await;
    let file = "\u{feff}group;sku;name;price;tags;images;image_alts;options;option:Size;option:Colour;track_stock;description\r\n\
        tee;'-TEE-S;'=Tee;2500;linen|a\\|b|c\\\\d;https://img.example.com/1.jpg|https://img.example.com/2.jpg;|Back;Colour|Size;S;red;TRUE;\"Two\r\nlines; \"\"quoted\"\"\"\r\n\
        tee;TEE-M;;;;;;;M;;false;\r\n";

    let result = import_csv(&admin, file).await;

    assert_eq!(outcomes(&result), [(2, "created", ""), (4, "created", "")], "{result}");
    let tee = product_of(&admin, &result, 0).await;
    assert_eq!(tee["name"], "=Tee");
    assert_eq!(tee["description"], "Two\r\nlines; \"quoted\"");
    assert_eq!(tee["tags"], json!(["linen", "a|b", "c\\d"]));
    let images = json!([
        "https://img.example.com/1.jpg",
        {"url": "https://img.example.com/2.jpg", "alt": "Back"},
    ]);
    assert_eq!(tee["images"], images);
    assert_eq!(tee["options"], json!(["Colour", "Size"]));
    assert_eq!(tee["variants"][0]["sku"], "-TEE-S");
    assert_eq!(tee["variants"][0]["options"], json!({"Colour": "red", "Size": "S"}));
    assert_eq!(tee["variants"][1]["options"], json!({"Size": "M"}));
    assert_eq!(tee["variants"][1]["track_stock"], false);
    assert_eq!(counts(&import_csv(&admin, file).await), [0, 0, 2, 0, 0]);
}

#[tokio::test]
async fn an_empty_cell_clears_and_an_absent_column_keeps() {
    let app = App::start().await;
    let admin = app.admin().await;
    let first = import_csv(&admin, "sku,name,price,brand,barcode\nA,Ale,500,Nord,1\n").await;
    let second = import_csv(&admin, "sku,brand\nA,\n").await;
    assert_eq!(outcomes(&second), [(2, "updated", "")]);
    let ale = product_of(&admin, &first, 0).await;
    assert_eq!((&ale["brand"], &ale["variants"][0]["barcode"]), (&Value::Null, &json!("1")));
}

#[tokio::test]
async fn rows_of_a_csv_that_lie_are_refused_each_by_its_line() {
    let app = App::start().await;
    let admin = app.admin().await;
    let file = "sku,name,price,track_stock\n\
        A,Ale,500,\n\
        B,Bun,5.00,\n\
        C,Cup,,\n\
        D,Dip,five,\n\
        E,Elk\n\
        F,Fig,1,,more\n\
        G,5\" pipe,1,\n\
        H,Ham\u{0},1,\n\
        I,Ice,1,maybe\n\
        J,\"Jam\",1,false\n";

    let result = import_csv(&admin, file).await;

    let expected = [
        (2, "created", ""),
        (3, "failed", "not_minor_units"),
        (4, "failed", "required"),
        (5, "failed", "wrong_type"),
        (6, "failed", "wrong_length"),
        (7, "failed", "wrong_length"),
        (8, "failed", "invalid_quote"),
        (9, "failed", "control_character"),
        (10, "failed", "wrong_type"),
        (11, "created", ""),
    ];
    assert_eq!(outcomes(&result), expected, "{result}");
}

#[tokio::test]
async fn a_quote_that_is_never_closed_refuses_what_it_swallows() {
    let app = App::start().await;
    let admin = app.admin().await;
    let result = import_csv(&admin, "sku,name,price\nA,Ale,1\nB,\"Bun,1\nC,Cup,1\n").await;
    assert_eq!(outcomes(&result), [(2, "created", ""), (3, "failed", "invalid_quote")]);
}

#[tokio::test]
async fn a_body_that_can_not_be_read_is_refused_as_a_whole() {
    let app = App::start().await;
    let admin = app.admin().await;
    let send = |content_type: &'static str, body: String| {
        let call = admin.call("POST", "/products/import").body(content_type, &body);
        async move { call.send().await }
    };
    for (body, pointer, code) in [
        ("", "", "too_few"),
        ("sku,name\n", "", "too_few"),
        ("name,price\nA,1\n", "/sku", "required"),
        ("sku,SKU\nA,B\n", "/SKU", "duplicate"),
        ("sku,colour\nA,red\n", "/colour", "unknown_field"),
        ("sku,image_alts\nA,red\n", "/images", "required"),
    ] {
        let errors = send(CSV, body.to_owned()).await.expect_invalid();
        assert_eq!(errors, [(pointer.to_owned(), code.to_owned())], "{body}");
    }
    let rows = "{\"sku\": \"A\"}\n".repeat(1001);
    let errors = send(NDJSON, rows).await.expect_invalid();
    assert_eq!(errors, [(String::new(), "too_many".to_owned())]);
    send("text/csv; charset=windows-1252", "sku\nA\n".to_owned())
        .await
        .expect_problem(415, "unsupported_media_type");
    send("application/json", "{}".to_owned()).await.expect_problem(415, "unsupported_media_type");
    let errors = send(CSV, "name,colour\nA,red\n".to_owned()).await.expect_invalid();
    let expected = [("/colour", "unknown_field"), ("/sku", "required")];
    assert_eq!(errors, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    let rows = "sku\nA\n".to_owned() + &" ".repeat(4 * 1024 * 1024);
    send(CSV, rows).await.expect_problem(413, "body_too_large");
    let call = admin.call("POST", "/products/import?import_id=a%20b").body(CSV, "sku\nA\n");
    let errors = call.send().await.expect_invalid();
    assert_eq!(errors, [("import_id".to_owned(), "invalid_id".to_owned())]);
    // `sku,name` and `Größe` in Windows-1252.
    let body = admin.call("POST", "/products/import").body(CSV, "c2t1LG5hbWUKQSxHcvbfZQo=");
    let problem = body.base64().send().await.expect_problem(400, "not_utf8");
    assert!(problem["detail"].as_str().expect("a detail").contains("Line 2"), "{problem}");
}

#[tokio::test]
async fn json_that_is_none_and_a_member_named_twice_fail_their_line_only() {
    let app = App::start().await;
    let admin = app.admin().await;
    let body =
        format!("{}\n\n{{\"sku\": \n{{\"sku\": \"B\", \"sku\": \"C\"}}\n", row("A", "Ale", 1));
    let answer = admin.call("POST", "/products/import").body(NDJSON, &body).send().await;
    let expected =
        [(1, "created", ""), (3, "failed", "invalid_json"), (4, "failed", "duplicate_member")];
    assert_eq!(outcomes(&answer.expect(200)), expected);
}

#[tokio::test]
async fn set_stock_is_recorded_as_a_movement_and_not_repeated_by_the_same_import() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_sku(&admin, "MUG", 500, 5).await;
    let rows = [json!({"sku": "MUG", "set_stock": 9})];
    let target = "/products/import?import_id=autumn-1";

    let result = send(&admin, target, &rows).await.expect(200);
    assert_eq!(outcomes(&result), [(1, "updated", "")], "{result}");
    assert_eq!(available(&admin, &mug).await, 9);

    let ada = app.customer("ada").await;
    let order = json!({"items": [{"sku": "MUG", "quantity": 2}]});
    ada.post("/orders", order).await.expect(201);
    let again = send(&admin, target, &rows).await.expect(200);
    assert_eq!(outcomes(&again), [(1, "unchanged", "")], "{again}");
    assert_eq!(available(&admin, &mug).await, 7, "the sale stays");

    let other = send(&admin, "/products/import?import_id=autumn-2", &rows).await.expect(200);
    assert_eq!(outcomes(&other), [(1, "updated", "")]);
    let items = app.items().await;
    let variant = items.iter().find(|item| tests::samples::text_of(item, "sk") == "VARIANT#MUG");
    let variant = variant.expect("the variant");
    assert_eq!(variant["movements"].as_n().expect("a number"), "4");
    let movement = variant["movement"].as_m().expect("a movement");
    assert_eq!(movement["delta"].as_n().expect("a number"), "2");
    assert_eq!(movement["reason"].as_s().expect("a text"), "import");
    assert_eq!(movement["import_id"].as_s().expect("a text"), "autumn-2");
}

#[tokio::test]
async fn set_stock_needs_tracked_stock_and_is_the_stock_of_a_new_variant() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mut new = row("NEW", "New", 100);
    new["set_stock"] = 4.into();
    new["stock"] = 3.into();
    let mut untracked = row("FILE", "File", 100);
    untracked["track_stock"] = false.into();
    untracked["set_stock"] = 4.into();

    let result = import(&admin, &[new.clone(), untracked]).await;
    assert_eq!(outcomes(&result), [(1, "created", ""), (2, "failed", "unexpected")], "{result}");
    let new_one = product_of(&admin, &result, 0).await;
    assert_eq!(available(&admin, &new_one).await, 4);

    app.take_count("import-products");
    assert_eq!(outcomes(&import(&admin, &[new]).await), [(1, "unchanged", "")]);
    assert_eq!(app.take_count("import-products").writes, 0);
}

#[tokio::test]
async fn stock_that_was_sold_after_it_was_read_is_not_set() {
    let app = App::start().await;
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    let mug = create_sku(&admin, "MUG", 1800, 10).await;
    ada.post("/orders", order_of(&mug, 2)).await.expect(201);
    let ctx = app.context("import-products");
    let setting = |from: u32| StockSetting {
        product_id: id(&mug).parse().expect("an id"),
        sku: "MUG".parse().expect("a SKU"),
        from: Stock::new(from),
        to: Stock::new(5),
    };
    let set = async |from| {
        let outcome = ctx.store.products().set_stock(&[setting(from)], None, ctx.now()).await;
        outcome.expect("an outcome").first()
    };
    assert_eq!(set(10).await, Err(NotSet::ChangedMeanwhile));
    assert_eq!(available(&admin, &mug).await, 8);
    assert_eq!(set(8).await, Ok(()));
    assert_eq!(available(&admin, &mug).await, 5);
}

#[tokio::test]
async fn products_of_one_category_are_written_together_and_counted_once() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("mugs").await;
    let rows: Vec<_> = (0..40)
        .map(|number| {
            let mut row = row(&format!("M-{number}"), &format!("Mug {number}"), 100);
            row["category"] = "mugs".into();
            row
        })
        .collect();
    app.take_count("import-products");
    let result = import(&admin, &rows).await;
    assert_eq!(counts(&result), [40, 0, 0, 0, 0], "{result}");
    // Each product has three writes of 2 units; 33 fit beside the category's, whose two are 4.
    let count = app.take_count("import-products");
    assert_eq!(count.writes, 40 * 3 * 2 + 2 * 2);
    let categories = admin.get("/categories").await.expect(200);
    assert_eq!(categories["data"][0]["product_count"], 40, "{categories}");
}

#[tokio::test]
async fn one_product_that_changes_meanwhile_does_not_keep_others_from_it() {
    let app = App::start().await;
    let admin = app.admin().await;
    let ale = create_sku(&admin, "A", 500, 1).await;
    create_sku(&admin, "B", 500, 1).await;
    app.race(2);
    let rows = [
        json!({"sku": "A", "barcode": "1"}),
        json!({"sku": "B", "barcode": "2"}),
        row("C", "New", 100),
    ];
    let path = path_of(&ale);
    let change = admin.put(&path, json!({"name": "Pale Ale", "price": usd(500)}));
    let (result, changed) = join(import(&admin, &rows), change).await;
    assert_eq!(counts(&result), [1, 2, 0, 0, 0], "{result}");
    changed.expect(200);
    let ale = admin.get(&path).await.expect(200);
    assert_eq!((&ale["name"], &ale["version"]), (&json!("Pale Ale"), &json!(3)));
    assert_eq!(ale["variants"][0]["barcode"], "1");
}

#[tokio::test]
async fn imports_at_once_create_each_sku_once() {
    let app = App::start().await;
    let admin = app.admin().await;
    admin.create_category("mugs").await;
    let rows: Vec<_> = (0..12)
        .map(|number| {
            let mut row = row(&format!("M-{number}"), &format!("Mug {number}"), 100);
            row["category"] = "mugs".into();
            row
        })
        .collect();
    let results = join_all((0..4).map(|_| import(&admin, &rows))).await;
    let created: u64 = results.iter().map(|result| counts(result)[0]).sum();
    assert_eq!(created, 12, "{results:?}");
    assert!(results.iter().all(|result| counts(result)[3..] == [0, 0]), "{results:?}");
    let categories = admin.get("/categories").await.expect(200);
    assert_eq!(categories["data"][0]["product_count"], 12);
}

#[tokio::test]
async fn a_lost_response_of_the_database_neither_loses_nor_doubles_a_row() {
    for loss in [Loss::OfRequest, Loss::OfResponse, Loss::ByConflict] {
        let app = App::start().await;
        let admin = app.admin().await;
        let mug = create_sku(&admin, "MUG", 500, 5).await;
        app.lose(loss, 1);
        let rows = [row("A", "Ale", 100), json!({"sku": "MUG", "set_stock": 8})];
        let result = send(&admin, "/products/import?import_id=1", &rows).await.expect(200);
        assert_eq!(outcomes(&result), [(1, "created", ""), (2, "updated", "")], "{result}");
        assert_eq!(available(&admin, &mug).await, 8);
    }
}

#[tokio::test]
async fn rows_that_a_crash_leaves_are_taken_when_they_are_sent_again() {
    let app = App::start().await;
    let admin = app.admin().await;
    for category in ["mugs", "cups"] {
        admin.create_category(category).await;
    }
    let known = create_sku(&admin, "KNOWN", 500, 5).await;
    let mut crashes = 0;
    for polls in 0.. {
        let mut rows: Vec<_> = ["mugs", "cups", "mugs"]
            .iter()
            .enumerate()
            .map(|(number, category)| {
                let mut row = row(&format!("R-{polls}-{number}"), "Row", 100);
                row["category"] = (*category).into();
                row
            })
            .collect();
        rows.push(json!({"sku": "KNOWN", "barcode": polls.to_string(), "set_stock": polls}));
        let target = format!("/products/import?import_id=crash-{polls}");
        let has_ended = has_ended_after(polls, &mut Box::pin(send(&admin, &target, &rows))).await;
        let result = send(&admin, &target, &rows).await.expect(200);
        assert_eq!(counts(&result)[3..], [0, 0], "{result}");
        let after = admin.get(&path_of(&known)).await.expect(200);
        let variant = &after["variants"][0];
        assert_eq!(variant["barcode"], polls.to_string());
        assert_eq!(variant["available"], polls);
        let categories = admin.get("/categories").await.expect(200);
        let products = categories["data"].as_array().expect("categories").iter();
        let products: u64 = products.filter_map(|it| it["product_count"].as_u64()).sum();
        assert_eq!(products, 3 * (polls + 1), "after {polls} polls");
        if has_ended {
            break;
        }
        crashes += 1;
    }
    assert!(crashes > 6, "{crashes}");
}

#[tokio::test]
async fn a_thousand_rows_with_a_hundred_errors_each_have_a_response_that_fits() {
    let app = App::start().await;
    let admin = app.admin().await;
    let members: Vec<_> = (0..100).map(|number| format!("\"x{number}\":1")).collect();
    let row = format!("{{{}}}\n", members.join(","));
    let call = admin.call("POST", "/products/import").body(NDJSON, &row.repeat(1_000));
    let answer = call.send().await;
    // Lambda's limit is 6 MB, the escapes of the response in JSON included.
    assert!(answer.text.len() < 4_000_000, "{}", answer.text.len());
    let result = answer.expect(200);
    assert_eq!(counts(&result)[3], 1_000);
    let detail = result["results"][0]["detail"].as_str().expect("a detail");
    assert!(detail.ends_with("And 95 more."), "{detail}");
}
