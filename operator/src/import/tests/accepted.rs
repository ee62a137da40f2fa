//! What is taken is what the shop accepts, whatever is in the file.

use std::collections::HashSet;

use serde_json::{Map, Value};
use shared::domain::ids::ProductId;
use shared::domain::invalid::Invalid;
use shared::domain::json::Json;
use shared::domain::product::ProductDraft;
use shared::domain::time::Timestamp;

use super::{TestFile, refused, report, settings};
use crate::import::{Format, Group, Source};

const OWN: &str = include_str!("../../../../docs/product-import.csv");

const SHOPIFY: &str = "\
Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Grams,\
Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,\
Variant Compare At Price,Variant Barcode,Image Src,Image Position,Image Alt Text,Variant Image,Status
lamp,\"Desk lamp, \"\"small\"\"\",\"<p>Bright,
warm</p>\",Harbour,Lamps,\"desk, new\",true,Color,Blue,LAMP-B,750,shopify,7,deny,34.50,40.00,'400638133393,\
https://a.example/1.jpg,1,Front,https://a.example/b.jpg,active
lamp,,,,,,,,Red,,750,shopify,-1,deny,34.50,,,https://a.example/2.jpg,2,,,
mug,Mug,,Harbour,Kitchen,,false,Title,Default Title,'007,380,,,continue,12,,,,,,,draft
";

const WOOCOMMERCE: &str = "\
ID;Type;SKU;Name;Published;Description;Stock;In stock?;Weight (kg);Sale price;Regular price;Categories;\
Tags;Images;Parent;Position;Brands;Attribute 1 name;Attribute 1 value(s)
1;variation;TEE-M;Tee - M;1;;5;1;0.2;;19,99;;;https://a.example/m.jpg;TEE;2;;Size;M
2;variable;TEE;Tee;1;\"<p>Soft</p>\\n<p>Warm; thick</p>\";;1;;;;\"Home, Home > Tees\";soft, new;\
https://a.example/1.jpg;;0;Harbour;Size;S, M
3;variation;;Tee - S;1;;;1;;17,50;19,99;;;;id:2;1;;Size;S
4;simple;MUG;Mug;-1;;;0;0.38;;8;Home;;;;0;;Color;Blue
";

const NDJSON: &str = r#"{"group": "tee", "sku": "TEE-S", "name": "Tee", "options": {"size": "S"}}
{"group": "tee", "sku": "TEE-M", "options": {"size": "M"}}
{"sku": "MUG", "name": "Mug", "price": {"amount": 1800, "currency": "USD"}, "tags": null}
"#;

/// Creates the product that the rows of a group describe.
fn create(group: &Group) -> Result<(), Invalid> {
    let taken = |members: &Map<String, Value>, names: &[(&str, &str)]| {
        let pairs = names.iter().filter_map(|(from, to)| {
            let value = members.get(*from).filter(|value| !value.is_null())?;
            Some(((*to).to_owned(), value.clone()))
        });
        pairs.collect::<Map<_, _>>()
    };
    let same = |name: &'static str| (name, name);
    let product = ["name", "description", "brand", "tags", "images", "price", "compare_at_price"];
    let product =
        product.into_iter().chain(["tax_class", "status", "low_stock_threshold"]).map(same);
    let product: Vec<_> = product.chain([("option_names", "options")]).collect();
    let variant = ["sku", "options", "barcode", "weight_grams", "track_stock", "stock"];
    let variant = variant.map(same).into_iter().chain([
        ("variant_price", "price"),
        ("variant_compare_at_price", "compare_at_price"),
        ("variant_image", "image"),
    ]);
    let variant: Vec<_> = variant.collect();
    let mut body = taken(&group.rows[0].members, &product);
    let variants = group.rows.iter().map(|row| Value::Object(taken(&row.members, &variant)));
    body.insert("variants".to_owned(), variants.collect());
    let draft: ProductDraft =
        Json::parse(Value::Object(body).to_string().as_bytes()).unwrap().read()?;
    let (currency, now) = (settings("USD").currency, Timestamp::from_unix_millis(0));
    draft.create(ProductId::new(now), currency, now).map(|_| ())
}

/// Reads a file if it can be read, and checks what is taken.
fn check(bytes: &[u8]) -> Option<Vec<Group>> {
    let file = TestFile::new(bytes);
    let text = String::from_utf8_lossy(bytes);
    let mut source = Source::open(&file.0, &settings("USD")).ok()?;
    let is_foreign = matches!(source.format(), Format::Shopify | Format::WooCommerce);
    let groups: Vec<_> = source.groups().map(|group| group.unwrap()).collect();
    let mut skus = HashSet::new();
    for group in &groups {
        for row in &group.rows {
            let sku = row.members["sku"].as_str().unwrap();
            assert!(skus.insert(sku.to_owned()), "{sku} twice:\n{text}");
            assert!(group.lines.contains(&row.line), "line {}:\n{text}", row.line);
        }
        for refused in &group.refused {
            assert!(group.lines.contains(&refused.line) && !refused.reason.is_empty());
            let is_taken = |row: &crate::import::Row| row.line == refused.line;
            assert!(!group.rows.iter().any(is_taken), "line {} is both:\n{text}", refused.line);
        }
        if is_foreign && !group.rows.is_empty() {
            let created = create(group).map_err(|invalid| format!("{:?}", invalid.fields()));
            assert_eq!(created, Ok(()), "{text}\n{:#?}", group.rows);
        }
    }
    Some(groups)
}

#[test]
fn every_fixture_is_taken_whole() {
    for (text, products, rows) in
        [(OWN, 3, 5), (SHOPIFY, 2, 3), (WOOCOMMERCE, 2, 3), (NDJSON, 2, 3)]
    {
        let groups = check(text.as_bytes()).unwrap();
        assert_eq!(refused(&groups), [], "{text}");
        let report = report(&groups);
        assert_eq!((report.products, report.rows), (products, rows), "{text}");
    }
}

#[test]
fn damaged_files_give_refusals_and_never_a_product_that_the_shop_refuses() {
    const BYTES: &[u8] = b"\"\",;\t\n\r'|\\.-0199{}:> =x\xC3\xA4\x01";
    let mut state = 1_u64;
    let mut below = |end: usize| {
        // The numbers of Knuth's MMIX.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % end
    };
    let (mut read, mut taken) = (0, 0);
    for round in 0..4000 {
        let mut bytes = [OWN, SHOPIFY, WOOCOMMERCE, NDJSON][round % 4].as_bytes().to_vec();
        let header = bytes.iter().position(|byte| *byte == b'\n').unwrap();
        for _ in 0..=below(5) {
            // Mostly below the header, so that most files are read.
            let from = if below(20) == 0 { 0 } else { header.min(bytes.len() - 1) };
            let at = from + below(bytes.len() - from);
            match below(4) {
                0 => drop(bytes.remove(at)),
                1 => bytes.insert(at, BYTES[below(BYTES.len())]),
                2 => bytes[at] = BYTES[below(BYTES.len())],
                _ => {
                    let end = (at + below(200)).min(bytes.len());
                    let copy = bytes[at..end].to_vec();
                    bytes.splice(at..at, copy);
                }
            }
        }
        if let Some(groups) = check(&bytes) {
            read += 1;
            taken += report(&groups).rows;
        }
    }
    // Most files are read, and most of their rows taken: the test tests something.
    assert!(read > 2000 && taken > 4000, "{read} files, {taken} rows");
}

#[test]
fn every_column_of_our_own_format_is_documented() {
    let page = include_str!("../../../../docs/import.md");
    for column in crate::import::own::COLUMNS {
        assert!(page.contains(&format!("| `{column}` |")), "docs/import.md lacks {column}");
    }
}
