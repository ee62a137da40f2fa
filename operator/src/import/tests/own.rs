//! Our own CSV and NDJSON.

use serde_json::{Value, json};

use super::{members, open, read, read_with, refused, settings};

/// Returns the members of the only row of a file.
fn row(lines: &[&str]) -> Value {
    let groups = read(lines);
    assert_eq!(refused(&groups), []);
    let rows = members(&groups);
    assert_eq!(rows.len(), 1);
    Value::Object(rows[0].clone())
}

#[test]
fn every_column_becomes_its_member() {
    let header = "group,sku,name,description,category,brand,tags,images,image_alts,price,\
                  compare_at_price,tax_class,status,low_stock_threshold,options,option:Size,\
                  option:Fit,variant_price,variant_compare_at_price,variant_image,barcode,\
                  weight_grams,track_stock,stock,set_stock";
    let cells = "tee,TEE-M,Tee,<p>Soft</p>,home-garden,Harbour,new|soft,https://a.example/1.jpg|\
                 https://a.example/2.jpg,|Back,1999,2499,reduced,active,3,Size|Fit,M,,2099,2599,\
                 https://a.example/m.jpg,4006381333931,180,TRUE,12,9";
    let usd = |amount: u32| json!({"amount": amount, "currency": "USD"});
    assert_eq!(
        row(&[header, cells]),
        json!({
            "group": "tee", "sku": "TEE-M", "name": "Tee", "description": "<p>Soft</p>",
            "category": "home-garden", "brand": "Harbour", "tags": ["new", "soft"],
            "images": [
                {"url": "https://a.example/1.jpg"},
                {"url": "https://a.example/2.jpg", "alt": "Back"},
            ],
            "price": usd(1999), "compare_at_price": usd(2499), "tax_class": "reduced",
            "status": "active", "low_stock_threshold": 3, "option_names": ["Size", "Fit"],
            "options": {"Size": "M", "Fit": null}, "variant_price": usd(2099),
            "variant_compare_at_price": usd(2599), "variant_image": "https://a.example/m.jpg",
            "barcode": "4006381333931", "weight_grams": 180, "track_stock": true, "stock": 12,
            "set_stock": 9,
        })
    );
}

#[test]
fn an_absent_column_is_no_member_and_an_empty_cell_is_null() {
    assert_eq!(row(&["sku", "A"]), json!({"sku": "A"}));
    let header = "sku,group,name,tags,images,price,stock,track_stock,options,option:size";
    assert_eq!(
        row(&[header, "A,,,,,,,,,"]),
        json!({
            "sku": "A", "name": null, "tags": null, "images": null, "price": null, "stock": null,
            "track_stock": null, "option_names": null, "options": {"size": null},
        })
    );
}

#[test]
fn exactly_one_apostrophe_is_dropped_before_what_a_spreadsheet_would_run() {
    for (cell, text) in [
        ("'=HYPERLINK(1)", "=HYPERLINK(1)"),
        ("'+1", "+1"),
        ("'-1", "-1"),
        ("'@a", "@a"),
        ("''tis", "'tis"),
        ("'''", "''"),
        ("'tis", "'tis"),
        ("\"'\ta\"", "\ta"),
        ("\"'\ra\"", "\ra"),
        ("=1", "=1"),
    ] {
        assert_eq!(row(&["sku,name", &format!("A,{cell}")])["name"], json!(text), "{cell:?}");
    }
    assert_eq!(row(&["sku,name", "'007,Mug"])["sku"], json!("007"));
    assert_eq!(row(&["sku,tags", "A,'-1|'-2"])["tags"], json!(["-1", "'-2"]));
}

#[test]
fn bars_and_backslashes_are_escaped_in_lists() {
    for (cell, list) in [
        (r"a|b", json!(["a", "b"])),
        (r"a\|b|c", json!(["a|b", "c"])),
        (r"a\\|b", json!(["a\\", "b"])),
        (r"a\\\|b", json!(["a\\|b"])),
        (r"|", json!(["", ""])),
    ] {
        assert_eq!(row(&["sku,tags", &format!("A,{cell}")])["tags"], list, "{cell}");
    }
}

#[test]
fn a_cell_that_can_not_be_read_refuses_its_row() {
    for (column, cell, kind) in [
        ("price", "19.99", "not_minor_units"),
        ("price", "-1", "not_minor_units"),
        ("price", "+1", "not_minor_units"),
        ("price", "100000000001", "not_minor_units"),
        ("variant_price", "1 000", "not_minor_units"),
        ("stock", "many", "not_a_number"),
        ("weight_grams", "1.5", "not_a_number"),
        ("track_stock", "maybe", "not_true_or_false"),
        ("tags", r"a\b", "lone_backslash"),
        ("images", "a\\", "lone_backslash"),
    ] {
        let groups = read(&[&format!("sku,{column}"), &format!("A,{cell}")]);
        assert_eq!(refused(&groups), [(2, kind)], "{column} {cell}");
    }
    let groups = read(&["sku,images,image_alts", "A,https://a.example/1.jpg,One|Two"]);
    assert_eq!(refused(&groups), [(2, "too_many_alts")]);
    assert_eq!(refused(&read(&["sku,name", ",Mug"])), [(2, "no_sku")]);
}

#[test]
fn prices_are_minor_units_of_the_shops_currency() {
    let groups = read_with("sku,price\nA,1999", &settings("JPY")).unwrap();
    assert_eq!(members(&groups)[0]["price"], json!({"amount": 1999, "currency": "JPY"}));
    let groups = read_with("sku,price\nA,19.99", &settings("KWD")).unwrap();
    assert!(groups[0].refused[0].reason.contains("1999 for 1.999 KWD"), "{groups:?}");
}

#[test]
fn rows_of_a_group_lie_together_wherever_they_stand() {
    let groups = read(&["sku,group", "A,tee", "B,", "C,tee", "D,", "A,tee"]);
    let lines: Vec<_> = groups.iter().map(|group| group.lines.clone()).collect();
    assert_eq!(lines, [vec![2, 4, 6], vec![3], vec![5]]);
    assert_eq!(refused(&groups), [(6, "sku_twice")]);
    assert!(groups[0].refused[0].reason.starts_with("line 2 has the SKU A too"));
}

#[test]
fn a_group_whose_first_row_is_refused_is_not_taken() {
    let groups = read(&["sku,group,price", "A,tee,1.5", "B,tee,100", "C,,100"]);
    assert_eq!(refused(&groups), [(2, "not_minor_units"), (3, "first_row_refused")]);
    assert_eq!(members(&groups).len(), 1);
    let groups = read(&["sku,group,price", "A,tee,100", "B,tee,1.5", "C,tee,100"]);
    assert_eq!(refused(&groups), [(3, "not_minor_units")]);
    assert_eq!(members(&groups).len(), 2);
}

#[test]
fn options_keep_the_order_of_their_columns_or_members() {
    let names = |text: &str| members(&open(text).unwrap())[0].get("option_names").cloned();
    assert_eq!(names("sku,option:size,option:color\nA,M,Red"), Some(json!(["size", "color"])));
    assert_eq!(names("sku,option:size\nA,M"), None);
    let rows = [
        r#"{"group": "g", "sku": "A", "options": {"size": "M", "color": "Red"}}"#,
        r#"{"group": "g", "sku": "B", "options": {"fit": "slim", "Size": "L"}}"#,
    ];
    assert_eq!(names(&rows.join("\n")), Some(json!(["size", "color", "fit"])));
    let said =
        r#"{"sku": "A", "options": {"size": "M", "color": "Red"}, "option_names": ["color"]}"#;
    assert_eq!(names(said), Some(json!(["color"])));
}

#[test]
fn ndjson_is_taken_as_it_is() {
    let text = "{\"sku\": \"A\", \"name\": \"Größe \\u0041\", \"price\": null, \"x\": [1, {}]}\r\n\n\
                {\"sku\": \"B\", \"name\": \"one\", \"name\": \"two\"}\n\
                not json\n{\"sku\": 5}\n[1]\n{\"sku\": \"A\"}\n{\"sku\": \"C\"}";
    let groups = open(text).unwrap();
    assert_eq!(
        Value::Object(members(&groups)[0].clone()),
        json!({"sku": "A", "name": "Größe A", "price": null, "x": [1, {}]})
    );
    assert_eq!(
        refused(&groups),
        [(3, "not_json"), (4, "not_json"), (5, "no_sku"), (6, "not_json"), (7, "sku_twice")]
    );
    assert!(groups[1].refused[0].reason.contains("named twice"), "{:?}", groups[1]);
    assert_eq!(members(&groups).len(), 2);
}

#[test]
fn a_group_of_more_rows_than_a_product_has_variants_is_refused() {
    let rows = |count| (0..count).map(|n| format!("A-{n},a\n")).collect::<String>();
    let groups = open(format!("sku,group\n{}", rows(41))).unwrap();
    assert_eq!(refused(&groups), (2..43).map(|it| (it, "too_many_variants")).collect::<Vec<_>>());
    assert_eq!(members(&open(format!("sku,group\n{}", rows(40))).unwrap()).len(), 40);
}
