//! Shopify's export.

use serde_json::{Value, json};

use super::{changed, members, open, read, read_with, refused, settings};
use crate::import::Group;

/// Returns a file with these columns beside the needed ones, in which a product has these cells.
fn with(columns: &str, cells: &str) -> Vec<Group> {
    read(&[
        &format!("Handle,Title,Variant SKU,Variant Price,{columns}"),
        &format!("lamp,Lamp,LAMP-1,40.00,{cells}"),
    ])
}

/// Returns a member of the only row.
fn member(columns: &str, cells: &str, member: &str) -> Option<Value> {
    let groups = with(columns, cells);
    assert_eq!(refused(&groups), [], "{columns} {cells}");
    members(&groups)[0].get(member).cloned()
}

#[test]
fn old_and_new_headers_give_the_same_rows() {
    let old = "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,\
               Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Grams,\
               Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,\
               Variant Price,Variant Compare At Price,Variant Taxable,Variant Barcode,Image Src,\
               Image Position,Image Alt Text,Gift Card,Variant Image,Variant Tax Code,Status,\
               SEO Title,Cost per item";
    let new = "URL handle,Title,Description,Vendor,Product category,Type,Tags,\
               Published on online store,Option1 name,Option1 value,Option2 name,Option2 value,SKU,\
               Weight value (grams),Inventory tracker,Inventory quantity,\
               Continue selling when out of stock,Price,Compare-at price,Charge tax,Barcode,\
               Product image URL,Image position,Image alt text,Gift card,Variant image URL,Tax code,\
               Status,SEO title,Cost per item";
    let rows = [
        "lamp,Desk lamp,\"<p>Bright,\nwarm</p>\",Harbour,Home > Lighting > Lamps,Lamps,\"desk, New\",true,\
         Color,Sea Blue,Size,S,'0042,750,shopify,7,deny,1234.50,1500.00,true,'4006381333931,\
         https://a.example/2.jpg,2,From the side,false,https://a.example/blue.jpg,P0000000,active,S,1",
        "lamp,,,,,,,,,Red,,S,LAMP-RED,750.5,shopify,0,deny,1234.50,1500.00,true,,\
         https://a.example/1.jpg,1,,,,,,,",
        "lamp,,,,,,,,,Red,,L,LAMP-RED-L,1000,,,deny,1300,,true,,,,,,,,,,",
        "lamp,,,,,,,,,,,,,,,,,,,,,https://a.example/3.jpg,3,,,,,,,",
    ];
    let old = open([&[old], rows.as_slice()].concat().join("\n")).unwrap();
    let new = open([&[new], rows.as_slice()].concat().join("\r\n")).unwrap();
    assert_eq!(old.len(), 1);
    assert_eq!(new[0].rows.len(), 3);
    let usd = |amount: u32| json!({"amount": amount, "currency": "USD"});
    let category = ["Home", "Lighting", "Lamps"].map(str::to_owned).to_vec();
    assert_eq!(old[0].rows[0].category, Some(category));
    assert_eq!(old[0].rows[1].category, None);
    assert_eq!(
        Value::Object(members(&old)[0].clone()),
        json!({
            "group": "lamp", "sku": "0042", "name": "Desk lamp",
            "description": "<p>Bright,\nwarm</p>", "brand": "Harbour", "tags": ["desk", "New"],
            "status": "active", "tax_class": "P0000000", "price": usd(123_450),
            "compare_at_price": usd(150_000), "option_names": ["Color", "Size"],
            "images": [
                {"url": "https://a.example/1.jpg"},
                {"url": "https://a.example/2.jpg", "alt": "From the side"},
                {"url": "https://a.example/3.jpg"},
            ],
            "options": {"Color": "Sea Blue", "Size": "S"}, "variant_price": null,
            "variant_compare_at_price": null, "variant_image": "https://a.example/blue.jpg",
            "barcode": "4006381333931", "weight_grams": 750, "track_stock": true, "stock": 7,
        })
    );
    assert_eq!(
        Value::Object(members(&old)[2].clone()),
        json!({
            "group": "lamp", "sku": "LAMP-RED-L", "options": {"Color": "Red", "Size": "L"},
            "variant_price": usd(130_000), "variant_compare_at_price": null, "variant_image": null,
            "barcode": null, "weight_grams": 1000, "track_stock": false,
        })
    );
    assert_eq!(members(&old)[1]["weight_grams"], 751);
    for groups in [&old, &new] {
        assert_eq!((refused(groups), changed(groups)), (vec![], vec![]));
    }
    for (old, new) in members(&old).iter().zip(members(&new)) {
        // Line breaks in a cell are those of its file.
        let text = serde_json::to_string(new).unwrap().replace("\\r\\n", "\\n");
        assert_eq!(serde_json::to_string(old).unwrap(), text);
    }
}

#[test]
fn a_product_without_options_has_none() {
    let groups = with("Option1 Name,Option1 Value", "Title,Default Title");
    assert_eq!(members(&groups)[0]["options"], Value::Null);
    assert!(!members(&groups)[0].contains_key("option_names"));
    let groups = read(&[
        "Handle,Title,Variant Price,Option1 Name,Option1 Value",
        "book,Book,9,Title,Hardback",
        "book,,7,,Paperback",
    ]);
    assert_eq!(members(&groups)[1]["options"], json!({"Title": "Paperback"}));
}

#[test]
fn the_status_follows_status_and_publication() {
    for (columns, cells, status) in [
        ("Status,Published", "active,true", Some("active")),
        ("Status,Published", "active,TRUE", Some("active")),
        ("Status,Published", "active,false", Some("draft")),
        ("Status,Published", "draft,true", Some("draft")),
        ("Status,Published", "archived,false", Some("archived")),
        ("Status,Published", "Active,", Some("active")),
        ("Published,Vendor", "false,", Some("draft")),
        ("Published,Vendor", "true,", Some("active")),
        ("Status,Vendor", "unlisted,", Some("draft")),
        ("Type,Vendor", "a,b", None),
    ] {
        assert_eq!(member(columns, cells, "status"), status.map(Value::from), "{columns} {cells}");
    }
    assert_eq!(changed(&with("Status,Vendor", "unlisted,")), [(2, "unlisted")]);
    assert_eq!(refused(&with("Status,Vendor", "sold,")), [(2, "unknown_status")]);
}

#[test]
fn stock_is_tracked_if_shopify_tracks_it_and_ends_the_sale() {
    let columns = "Variant Inventory Tracker,Variant Inventory Policy,Variant Inventory Qty";
    for (cells, tracked, stock, kind) in [
        ("shopify,deny,7", true, Some(7), None),
        ("shopify,deny,7.0", true, Some(7), None),
        (",deny,7", false, None, None),
        ("shopify,deny,-3", true, Some(0), Some("stock_below_zero")),
        ("shopify,deny,", true, Some(0), Some("stock_unknown")),
        ("shopify,continue,7", false, None, Some("sold_when_out_of_stock")),
        ("shopify,TRUE,0", false, None, Some("sold_when_out_of_stock")),
        ("shopify,FALSE,1", true, Some(1), None),
    ] {
        let groups = with(columns, cells);
        let row = members(&groups)[0];
        assert_eq!(row["track_stock"], json!(tracked), "{cells}");
        assert_eq!(row.get("stock"), stock.map(Value::from).as_ref(), "{cells}");
        let expected: Vec<_> = kind.into_iter().map(|kind| (2, kind)).collect();
        assert_eq!(changed(&groups), expected, "{cells}");
    }
    assert_eq!(refused(&with(columns, "shopify,deny,some")), [(2, "not_a_stock")]);
    // A shop with several locations exports no column of quantities.
    let groups = with("Variant Inventory Tracker,Vendor", "shopify,");
    assert_eq!(changed(&groups), [(2, "stock_unknown")]);
    assert!(groups[0].changed[0].reason.contains("several locations"));
}

#[test]
fn a_price_is_exact_or_its_row_is_refused() {
    let prices = |rows: &[&str], currency| {
        let rows = rows.iter().zip(1..).map(|(price, n)| format!("p{n},Name,{price}\n"));
        let text = format!("Handle,Title,Variant Price\n{}", rows.collect::<String>());
        let groups = read_with(text, &settings(currency)).unwrap();
        groups
            .iter()
            .map(|group| match &group.rows[..] {
                [row] => row.members["price"]["amount"].to_string(),
                _ => group.refused[0].kind.to_owned(),
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        prices(&["19.99", "20", "", "1.5", "$3", "19.999", "\"1,234.50\"", "0.00"], "USD"),
        ["1999", "2000", "no_price", "150", "not_a_price", "too_many_decimals", "123450", "0"]
    );
    assert_eq!(prices(&["1.230", "12.500", "1.234"], "KWD"), ["1230", "12500", "price_off_step"]);
    assert_eq!(prices(&["1200", "1200.00", "12.5"], "JPY"), ["1200", "1200", "too_many_decimals"]);
    // A German spreadsheet has written all prices anew.
    assert_eq!(
        prices(&["\"19,99\"", "\"1.234,50\"", "1.234"], "USD"),
        ["1999", "123450", "123400"]
    );
    // One file with both: what 1.234 is can't be told.
    let both = prices(&["\"19,99\"", "19.99", "1.234"], "USD");
    assert_eq!(both, ["1999", "1999", "ambiguous_price"]);
}

#[test]
fn a_price_to_compare_with_is_above_the_price() {
    for (cells, compared, kinds) in [
        ("50.00", json!({"amount": 5000, "currency": "USD"}), vec![]),
        ("", Value::Null, vec![]),
        ("0.00", Value::Null, vec![]),
        ("40.00", Value::Null, vec![(2, "compare_at_price_left_out")]),
        ("39.99", Value::Null, vec![(2, "compare_at_price_left_out")]),
    ] {
        let groups = with("Variant Compare At Price", cells);
        assert_eq!(members(&groups)[0]["compare_at_price"], compared, "{cells}");
        assert_eq!(changed(&groups), kinds, "{cells}");
    }
    assert_eq!(refused(&with("Variant Compare At Price", "$50")), [(2, "not_a_price")]);
}

#[test]
fn a_missing_sku_is_derived_and_the_same_each_time() {
    let lines = [
        "Handle,Title,Variant Price,Option1 Name,Option1 Value,Variant SKU",
        "lamp,Lamp,40,Color,Sea Blue,",
        "lamp,,40,,Red,",
        "lamp,,40,,Grün,'",
        "lamp,,40,,Black,B 1",
        "lamp,,40,,White,1.23457E+12",
    ];
    let groups = read(&lines);
    let skus: Vec<_> =
        members(&groups).iter().map(|row| row["sku"].as_str().unwrap().to_owned()).collect();
    assert_eq!(skus[..2], ["lamp-Sea-Blue", "lamp-Red"]);
    assert!(skus[2].starts_with("lamp-Gr-n-"), "{skus:?}");
    assert_eq!(skus[3], "B-1");
    assert_eq!(read(&lines), groups);
    let derived = "sku_derived";
    assert_eq!(changed(&groups), [(2, derived), (3, derived), (4, derived), (5, "sku_changed")]);
    assert_eq!(refused(&groups), [(6, "rounded_sku")]);
}

#[test]
fn what_can_not_be_taken_is_refused_by_line() {
    let header = "Handle,Title,Variant SKU,Variant Price,Gift Card,Option1 Name,Option1 Value";
    let many: Vec<_> = (0..41).map(|n| format!("many,Many,M-{n},1,,Size,{n}")).collect();
    let mut lines = vec![
        header,
        "card,Card,CARD,25,TRUE,,",
        "lamp,Lamp,LAMP,25,,,",
        "mug,Mug,LAMP,25,,,",
        ",Cup,CUP,25,,,",
        "cup,,CUP,25,,,",
        "tee,Tee,T-S,10,,Size,S",
        "tee,,T-S2,10,,,S",
        "tee,,T-M,10,,,M",
        "hat,Hat,HAT,10,,,Large",
        "pen,Pen,PEN,,,,",
    ];
    lines.extend(many.iter().map(String::as_str));
    let groups = read(&lines);
    let (many, others): (Vec<_>, Vec<_>) =
        refused(&groups).into_iter().partition(|(_, kind)| *kind == "too_many_variants");
    assert_eq!(
        others,
        [
            (2, "gift_card"),
            (4, "sku_twice"),
            (5, "no_handle"),
            (6, "no_name"),
            (8, "options_twice"),
            (10, "option_without_name"),
            (11, "no_price"),
        ]
    );
    assert_eq!(many.len(), 41);
    let skus: Vec<_> = members(&groups).iter().map(|row| row["sku"].clone()).collect();
    assert_eq!(skus, ["LAMP", "T-S", "T-M"]);
}

#[test]
fn the_first_row_that_is_taken_describes_the_product() {
    let groups = read(&[
        "Handle,Title,Vendor,Type,Variant SKU,Variant Price,Option1 Name,Option1 Value",
        "tee,Tee,Harbour,Shirts,T-S,oops,Size,S",
        "tee,,,,T-M,10,,M",
        "tee,,,,T-L,12,,L",
    ]);
    assert_eq!(refused(&groups), [(2, "not_a_price")]);
    let rows = members(&groups);
    assert_eq!((&rows[0]["name"], &rows[0]["price"]["amount"]), (&json!("Tee"), &json!(1000)));
    assert_eq!(groups[0].rows[0].category, Some(vec!["Shirts".to_owned()]));
    assert!(!rows[1].contains_key("name") && groups[0].rows[1].category.is_none());
    assert_eq!(rows[1]["variant_price"]["amount"], json!(1200));
}

#[test]
fn the_category_is_shopifys_or_else_the_type() {
    let category = |cells: &str| with("Product Category,Type", cells)[0].rows[0].category.clone();
    let path = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
    for (cells, expected) in [
        ("Home > Garden,", path(&["Home", "Garden"])),
        ("Home > Garden,Pots", path(&["Home", "Garden"])),
        (",Pots", path(&["Pots"])),
        ("Uncategorized,Pots", path(&["Pots"])),
        ("hg-15-1-2,Pots", path(&["Pots"])),
        ("gid://shopify/TaxonomyCategory/aa-1,Pots", path(&["Pots"])),
        ("aa,Pots", path(&["Pots"])),
        ("2271,Pots", path(&["Pots"])),
        ("Age 3-5,Pots", path(&["Age 3-5"])),
        ("Toys2,Pots", path(&["Toys2"])),
        (",", None),
    ] {
        assert_eq!(category(cells), expected, "{cells}");
    }
    assert_eq!(
        changed(&with("Product Category,Type", "Home > Garden,Pots")),
        [(2, "type_left_out")]
    );
    assert_eq!(changed(&with("Product Category,Type", "Home > Pots,pots")), []);
    assert_eq!(changed(&with("Product Category,Type", "aa-1-13,Pots")), [(2, "category_left_out")]);
    assert_eq!(changed(&with("Product Category,Type", "Uncategorized,Pots")), []);
    assert_eq!(member("Product Category,Type", ",", "category"), Some(Value::Null));
    assert_eq!(member("Vendor", "", "category"), None);
}

#[test]
fn what_does_not_fit_is_left_out_and_told() {
    let tags: Vec<_> = (0..22).map(|n| format!("t{n}")).collect();
    for (column, cell, kinds) in [
        ("Tags", format!("\"{}\"", tags.join(", ")), vec![(2, "tag_left_out"); 2]),
        ("Tags", format!("\"a, A, {}\"", "x".repeat(61)), vec![(2, "tag_left_out")]),
        ("Vendor", "x".repeat(256), vec![(2, "brand_left_out")]),
        ("Image Src", "ftp://a.example/1.jpg".to_owned(), vec![(2, "image_left_out")]),
        ("Variant Image", "a.jpg".to_owned(), vec![(2, "image_left_out")]),
        ("Variant Barcode", "4.00638E+12".to_owned(), vec![(2, "barcode_left_out")]),
        ("Variant Grams", "heavy".to_owned(), vec![(2, "weight_left_out")]),
        ("Variant Taxable", "false".to_owned(), vec![(2, "not_taxed")]),
    ] {
        let groups = with(column, &cell);
        assert_eq!(refused(&groups), [], "{column}");
        assert_eq!(changed(&groups), kinds, "{column}");
    }
    let rows: Vec<_> = (0..25).map(|n| format!("lamp,,,,https://a.example/{n}.jpg")).collect();
    let mut lines = vec!["Handle,Title,Variant SKU,Variant Price,Image Src", "lamp,Lamp,L-1,4,"];
    lines.extend(rows.iter().map(String::as_str));
    let groups = read(&lines);
    assert_eq!(members(&groups)[0]["images"].as_array().map(Vec::len), Some(20));
    assert_eq!(changed(&groups).len(), 5);
}

#[test]
fn options_are_compared_as_the_shop_keeps_them() {
    let header = "Handle,Title,Variant SKU,Variant Price,Option1 Name,Option1 Value,Option2 Name,\
                  Option2 Value,Option3 Name,Option3 Value";
    let long = "x".repeat(255);
    let composed = "tee,Tee,A,1,Color,Caf\u{e9},,,,";
    let decomposed = "tee,,B,1,,Cafe\u{301},,,,";
    let cap = format!("tee,,C,1,,{long},,,,");
    let over = format!("tee,,D,1,,{long}x,,,,");
    let groups = read(&[header, composed, decomposed, &cap, &over]);
    assert_eq!(refused(&groups), [(3, "options_twice"), (5, "invalid_option")]);
    let emoji = "\u{1F600}".repeat(100);
    let bytes = format!("hat,Hat,E,1,Color,{emoji},Size,{emoji},Fit,{emoji}");
    let name = format!("hat,Hat,E,1,{},S,,,,", "x".repeat(61));
    for row in [bytes, name] {
        assert_eq!(refused(&read(&[header, &row])), [(2, "invalid_option")]);
    }
}
