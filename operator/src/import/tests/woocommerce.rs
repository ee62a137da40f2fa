//! WooCommerce's export.

use serde_json::{Value, json};

use super::{TestFile, changed, members, open, read, read_with, refused, settings};
use crate::import::{Group, Settings};

/// Returns a file with these columns beside the needed ones, in which a product has these cells.
fn with(columns: &str, cells: &str) -> Vec<Group> {
    read(&[
        &format!("ID,Type,SKU,Name,Regular price,{columns}"),
        &format!("7,simple,LAMP,Lamp,40,{cells}"),
    ])
}

fn usd(amount: u32) -> Value {
    json!({"amount": amount, "currency": "USD"})
}

const ENGLISH: &str = "ID;Type;SKU;GTIN, UPC, EAN, or ISBN;Name;Published;Visibility in catalog;\
               Short description;Description;Tax status;Tax class;In stock?;Stock;\
               Low stock amount;Backorders allowed?;Weight (kg);Sale price;Regular price;\
               Categories;Tags;Images;Parent;Position;Brands;Attribute 1 name;\
               Attribute 1 value(s);Attribute 1 visible;Meta: _x";
const GERMAN: &str = "ID;Typ;Artikelnummer;GTIN, UPC, EAN oder ISBN;Name;Veröffentlicht;\
              Sichtbarkeit im Katalog;Kurzbeschreibung;Beschreibung;Steuerstatus;Steuerklasse;\
              Vorrätig?;Lager;Geringe Lagermenge;Lieferrückstande erlaubt?;Gewicht (kg);\
              Angebotspreis;Regulärer Preis;Kategorien;Schlagwörter;Bilder;\
              Übergeordnetes Produkt;Position;Marken;Attribut 1 Name;Attribut 1 Wert(e);\
              Attribut 1 Sichtbar;Meta: _x";
const FRENCH: &str = "ID;Type;UGS;GTIN;Nom;Publié;Visibilité;Courte;Longue;TVA;Classe;En stock ?;Stock;\
              Faible;Rupture;Poids (kg);Promo;Tarif;Catégories;Étiquettes;Images;Parent;Position;\
              Marques;Nom de l’attribut 1;Valeur(s) de l’attribut 1;Visible 1;Méta : _x";
const NAMES: &str = "UGS = SKU\nGTIN = GTIN, UPC, EAN, or ISBN\nNom = Name\nPublié = Published\n\
             Visibilité = Visibility in catalog\nCourte = Short description\n\
             Longue = Description\nTVA = Tax status\nClasse = Tax class\nEn stock ? = In stock?\n\
             Faible = Low stock amount\nRupture = Backorders allowed?\nPoids (kg) = Weight (kg)\n\
             Promo = Sale price\nTarif = Regular price\nCatégories = Categories\n\
             Étiquettes = Tags\nMarques = Brands\nNom de l'attribut %d = Attribute %d name\n\
             Valeur(s) de l'attribut %d = Attribute %d value(s)\n";
const ROWS: &str = "12;variation;TEE-M;4006381333931;Tee - M;1;visible;;;taxable;parent;1;5;;0;0.2;;19,99;;;\
            https://a.example/m.jpg, https://a.example/m2.jpg;TEE;2;;Size;M;;\n\
            10;variable;TEE;;\"Tee &amp; more\";1;visible;;<p>Soft</p>\\n<p>It\\\\nA</p>;taxable;reduced-rate;\
            1;;2;0;0.18;;;\"Clothing, Clothing > Shirts &amp; Tees\";soft, new;https://a.example/1.jpg;;0;\
            Harbour;Size;S, M, L;1;x\n\
            11;variation;TEE-S;;Tee - S;1;visible;;;taxable;parent;1;;;0;;17,50;19,99;;;;id:10;1;;Size;\
            S;;\n";

#[test]
fn english_german_and_translated_headers_give_the_same_rows() {
    let translated = TestFile::new(NAMES);
    let french_settings = Settings { columns: Some(translated.0.clone()), ..settings("USD") };
    let english = open(format!("{ENGLISH}\n{ROWS}")).unwrap();
    let german = open(format!("{GERMAN}\n{ROWS}")).unwrap();
    let french = read_with(format!("{FRENCH}\n{ROWS}"), &french_settings).unwrap();
    assert_eq!((&german, &french), (&english, &english));
    assert_eq!((refused(&english), changed(&english)), (vec![], vec![]));
    assert_eq!(english.len(), 1);
    assert_eq!(english[0].lines, [3, 2, 4]);
    let category = vec!["Clothing".to_owned(), "Shirts & Tees".to_owned()];
    assert_eq!(english[0].rows[0].category, Some(category));
    let rows = members(&english);
    assert_eq!(
        Value::Object(rows[0].clone()),
        json!({
            "group": "TEE", "sku": "TEE-S", "name": "Tee & more",
            "description": "<p>Soft</p>\n<p>It\\nA</p>", "brand": "Harbour", "tags": ["soft", "new"],
            "status": "active", "tax_class": "reduced-rate", "low_stock_threshold": 2,
            "images": [{"url": "https://a.example/1.jpg"}], "price": usd(1750),
            "compare_at_price": usd(1999), "option_names": ["Size"], "options": {"Size": "S"},
            "variant_price": null, "variant_compare_at_price": null, "variant_image": null,
            "barcode": null, "weight_grams": 180, "track_stock": false,
        })
    );
    assert_eq!(
        Value::Object(rows[1].clone()),
        json!({
            "group": "TEE", "sku": "TEE-M", "options": {"Size": "M"}, "variant_price": usd(1999),
            "variant_compare_at_price": null, "variant_image": "https://a.example/m.jpg",
            "barcode": "4006381333931", "weight_grams": 200, "track_stock": true, "stock": 5,
        })
    );
}

#[test]
fn a_sale_counts_on_its_days_only() {
    let columns = "Sale price,Date sale price starts,Date sale price ends";
    // It is noon on 15 June 2026.
    for (cells, price, compared, kind) in [
        ("30,,", 3000, Some(4000), None),
        ("30,2026-06-01,", 3000, Some(4000), None),
        ("30,2026-06-15 0:00:00,2026-06-15 23:59:59", 3000, Some(4000), Some("sale_ends")),
        ("30,,2026-06-15", 3000, Some(4000), Some("sale_ends")),
        ("30,2026-06-15 12:00:01,", 4000, None, Some("sale_not_now")),
        ("30,,2026-06-14 23:59:59", 4000, None, Some("sale_not_now")),
        (",2026-06-01,2026-06-30", 4000, None, None),
        ("40,,", 4000, None, Some("sale_not_lower")),
        ("0,,", 0, Some(4000), None),
    ] {
        let groups = with(columns, cells);
        let row = members(&groups)[0];
        assert_eq!(row["price"], usd(price), "{cells}");
        assert_eq!(row["compare_at_price"], compared.map_or(Value::Null, usd), "{cells}");
        let expected: Vec<_> = kind.into_iter().map(|kind| (2, kind)).collect();
        assert_eq!(changed(&groups), expected, "{cells}");
    }
    assert_eq!(refused(&with(columns, "30,soon,")), [(2, "not_a_date")]);
    let told = |cells| with(columns, cells)[0].changed[0].reason.clone();
    assert!(told("30,2026-07-01,").contains("begins on 2026-07-01"), "{}", told("30,2026-07-01,"));
    assert!(told("30,,2026-06-01").contains("ended on 2026-06-01"), "{}", told("30,,2026-06-01"));
}

#[test]
fn stock_is_a_number_a_yes_or_no_or_the_parents() {
    let columns = "Stock,In stock?,Backorders allowed?";
    for (cells, tracked, stock, kind) in [
        ("5,1,0", true, Some(5), None),
        (",1,0", false, None, None),
        (",0,0", true, Some(0), Some("out_of_stock")),
        ("'-2,0,0", true, Some(0), Some("stock_below_zero")),
        ("5,1,1", false, None, Some("sold_when_out_of_stock")),
        ("0,backorder,notify", false, None, Some("sold_when_out_of_stock")),
    ] {
        let groups = with(columns, cells);
        let row = members(&groups)[0];
        assert_eq!(row["track_stock"], json!(tracked), "{cells}");
        assert_eq!(row.get("stock"), stock.map(Value::from).as_ref(), "{cells}");
        let expected: Vec<_> = kind.into_iter().map(|kind| (2, kind)).collect();
        assert_eq!(changed(&groups), expected, "{cells}");
    }
    assert_eq!(refused(&with(columns, "lots,1,0")), [(2, "not_a_stock")]);
    let groups = read(&[
        "ID,Type,SKU,Name,Regular price,Parent,Stock,Attribute 1 name,Attribute 1 value(s)",
        "1,variable,TEE,Tee,,,9,Size,\"S, M\"",
        "2,variation,TEE-S,,10,TEE,,Size,S",
        "3,variation,TEE-M,,10,TEE,parent,Size,M",
        "4,variation,TEE-L,,10,TEE,4,Size,L",
    ]);
    let stocks: Vec<_> = members(&groups).iter().map(|row| row["stock"].clone()).collect();
    assert_eq!(stocks, [0, 0, 4]);
    assert_eq!(changed(&groups), [(3, "stock_shared"), (4, "stock_shared")]);
}

#[test]
fn what_can_not_be_taken_is_refused_by_line() {
    let groups = read(&[
        "ID,Type,SKU,Name,Published,Regular price,Parent,Attribute 1 name,Attribute 1 value(s)",
        "1,grouped,SET,Set,1,,,,",
        "2,external,AD,Ad,1,5,,,",
        "3,variable,EMPTY,Empty,1,,,Size,S",
        "4,variation,LOST-S,,1,5,LOST,Size,S",
        "5,variation,LONE,,1,5,,Size,S",
        "6,subscription,SUB,Sub,1,5,,,",
        "7,simple,FREE,Free,1,,,,",
        "8,simple,MUG,Mug,1,5,,,",
        "9,simple,MUG,Mug,1,5,,,",
        "10,simple,CUP,,1,5,,,",
        "11,simple,CUP2,Cup,2,5,,,",
        "12,variable,TEE,Tee,1,,,Size,\"S, M\"",
        "13,variation,TEE-S,,0,5,TEE,Size,S",
        "14,variation,TEE-M,,1,5,TEE,Size,M",
        "15,variation,TEE-M2,,1,5,id:12,size,M",
        "16,simple,BAG,Bag,1,5,,,",
        "17,variation,BAG-1,,1,5,BAG,Size,M",
    ]);
    assert_eq!(
        refused(&groups),
        [
            (2, "grouped_product"),
            (3, "external_product"),
            (4, "no_variations"),
            (6, "no_parent"),
            (7, "unknown_type"),
            (8, "no_price"),
            (10, "sku_twice"),
            (11, "no_name"),
            (12, "unknown_status"),
            (14, "variation_off"),
            (16, "options_twice"),
            (17, "variations_of_simple"),
            (18, "variations_of_simple"),
            (5, "parent_missing"),
        ]
    );
    let skus: Vec<_> = members(&groups).iter().map(|row| row["sku"].clone()).collect();
    assert_eq!(skus, ["MUG", "TEE-M"]);
}

#[test]
fn the_status_follows_publication_and_visibility() {
    for (cells, status, kinds) in [
        ("1,visible", "active", vec![]),
        ("1,", "active", vec![]),
        ("0,visible", "draft", vec![]),
        ("-1,visible", "draft", vec![]),
        ("'-1,visible", "draft", vec![]),
        ("1,hidden", "draft", vec![(2, "visibility")]),
        ("1,search", "active", vec![(2, "visibility")]),
    ] {
        let groups = with("Published,Visibility in catalog", cells);
        assert_eq!(members(&groups)[0]["status"], json!(status), "{cells}");
        assert_eq!(changed(&groups), kinds, "{cells}");
    }
    assert!(!members(&with("Tags", ""))[0].contains_key("status"));
}

#[test]
fn attributes_become_options_if_variants_have_a_value_of_them() {
    let header = "ID,Type,SKU,Name,Regular price,Parent,Attribute 1 name,Attribute 1 value(s),\
                  Attribute 2 name,Attribute 2 value(s),Attribute 3 name,Attribute 3 value(s)";
    let groups = read(&[
        header,
        "1,variable,TEE,Tee,,,Color,\"Blue, Red\",Size,\"S, M\",Care,\"30 °C, no bleach\"",
        "2,variation,TEE-B,,10,TEE,size,S,Color,\"Sea Blue\\, matt\",,",
        "3,variation,TEE-R,,10,TEE,Color,Red,Size,,,",
        "4,simple,MUG,Mug,8,,Color,Blue,Care,\"dry, dark\",color,Red",
    ]);
    let rows = members(&groups);
    assert_eq!(rows[0]["option_names"], json!(["Color", "Size"]));
    assert_eq!(rows[0]["options"], json!({"Color": "Sea Blue, matt", "Size": "S"}));
    assert_eq!(rows[1]["options"], json!({"Color": "Red"}));
    assert_eq!(rows[2]["options"], json!({"Color": "Blue"}));
    assert_eq!(
        changed(&groups),
        [(2, "attribute_left_out"), (4, "any_value"), (5, "attribute_left_out")]
    );
    assert!(groups[0].changed[0].reason.starts_with("left out: Care,"), "{groups:?}");
}

#[test]
fn a_missing_sku_is_derived_of_what_stays_the_same() {
    let groups = read(&[
        "ID,Type,SKU,Name,Regular price,Parent,Attribute 1 name,Attribute 1 value(s)",
        "1,variable,,Tee,,,Size,\"S, M\"",
        "2,variation,,,10,id:1,Size,S",
        "3,variation,'TEE-M,,10,id:1,Size,M",
        "4,simple,,Mug,8,,Color,Blue",
        "5,simple,TASSE/1,Tasse,8,,,",
    ]);
    let skus: Vec<_> =
        members(&groups).iter().map(|row| row["sku"].as_str().unwrap().to_owned()).collect();
    assert_eq!(skus[..3], ["id-1-S", "TEE-M", "id-4"]);
    assert!(skus[3].starts_with("TASSE-1-"), "{skus:?}");
    assert_eq!(changed(&groups), [(3, "sku_derived"), (5, "sku_derived"), (6, "sku_changed")]);
    assert_eq!(members(&groups)[0]["group"], json!("id-1"));
}

#[test]
fn the_category_is_the_one_with_the_longest_path() {
    for (cell, expected, kinds) in [
        ("\"Home, Home > Garden\"", vec!["Home", "Garden"], vec![]),
        ("\"Sale, Home > Garden\"", vec!["Home", "Garden"], vec![(2, "several_categories")]),
        ("\"Pots, Pans\"", vec!["Pots"], vec![(2, "several_categories")]),
        ("\"Pots\\, pans\"", vec!["Pots, pans"], vec![]),
    ] {
        let groups = with("Categories", cell);
        let category = groups[0].rows[0].category.clone().unwrap();
        assert_eq!(
            (category, changed(&groups)),
            (expected.iter().map(|&it| it.to_owned()).collect(), kinds)
        );
    }
    assert_eq!(members(&with("Categories", ""))[0]["category"], Value::Null);
}

#[test]
fn what_has_no_place_here_is_told() {
    for (columns, cells, kinds) in [
        ("Short description,Description", "Short,Long", vec![(2, "short_description_left_out")]),
        ("Short description,Description", "Short,", vec![]),
        ("Tax status,Tags", "none,", vec![(2, "not_taxed")]),
        ("Weight (lbs),Tags", "heavy,", vec![(2, "weight_left_out")]),
    ] {
        assert_eq!(changed(&with(columns, cells)), kinds, "{columns} {cells}");
    }
    let short = with("Short description,Description", "Short,");
    assert_eq!(members(&short)[0]["description"], json!("Short"));
    assert_eq!(members(&with("Weight (lbs),Tags", "2.5,"))[0]["weight_grams"], json!(1134));
    let groups = read(&[
        "ID,Type,SKU,Name,Regular price",
        "1,\"simple, downloadable, virtual\",ALBUM,Album,9",
    ]);
    assert_eq!(changed(&groups), [(2, "downloadable")]);
}

#[test]
fn a_price_with_two_readings_is_read_as_the_file_writes_others() {
    let amounts = |prices: &[&str]| {
        let rows = prices.iter().zip(1..).map(|(price, id)| format!("{id};simple;A;{price}\n"));
        let text = format!("ID;Type;Name;Regular price\n{}", rows.collect::<String>());
        let groups = open(text).unwrap();
        let amount = |group: &Group| match &group.rows[..] {
            [row] => Ok(row.members["price"]["amount"].as_i64().unwrap()),
            _ => Err(group.refused[0].kind),
        };
        groups.iter().map(amount).collect::<Vec<_>>()
    };
    assert_eq!(amounts(&["1.234", "5"]), [Err("ambiguous_price"), Ok(500)]);
    assert_eq!(amounts(&["1.234", "5,50"]), [Ok(123_400), Ok(550)]);
    assert_eq!(amounts(&["1.234", "5.50"]), [Err("too_many_decimals"), Ok(550)]);
    assert_eq!(amounts(&["1.234", "5.50", "5,50"])[0], Err("ambiguous_price"));
}

#[test]
fn a_file_of_columns_with_a_mistake_is_refused() {
    let columns = TestFile::new("UGS = Article number\n");
    let settings = Settings { columns: Some(columns.0.clone()), ..settings("USD") };
    let failure = read_with("UGS\nA", &settings).unwrap_err().to_string();
    assert!(failure.contains("line 1: WooCommerce has no header «Article number»"), "{failure}");
}

#[test]
fn a_variation_finds_its_parent_by_sku_or_id_wherever_it_stands() {
    let groups = read(&[
        "ID,Type,SKU,Name,Regular price,Parent,Attribute 1 name,Attribute 1 value(s)",
        "11,variation,A-S,,1,00123,Size,S",
        "12,variation,B-S,,1,id:2,Size,S",
        "1,variable,'00123,A,,,Size,S",
        "2,variable,,B,,,Size,S",
        "13,variation,A-M,,1,'00123,Size,M",
        "14,variation,A-L,,1,id:1,Size,L",
    ]);
    let lines: Vec<_> = groups.iter().map(|group| group.lines.clone()).collect();
    assert_eq!(lines, [vec![4, 2, 6, 7], vec![5, 3]]);
    assert_eq!((refused(&groups), members(&groups).len()), (vec![], 4));
}
