use serde_json::{Value, json};

use super::*;

fn usd() -> Currency {
    Currency::parse("USD".to_owned()).unwrap()
}

fn read(body: &Value) -> Result<Settings, Vec<String>> {
    let body = Json::parse(body.to_string().as_bytes()).unwrap();
    Settings::read(body, usd()).map_err(|invalid| {
        let field = |field: &crate::domain::invalid::FieldError| {
            format!("{} {}", field.pointer, field.code)
        };
        invalid.fields().iter().map(field).collect()
    })
}

fn usd_of(amount: i64) -> Value {
    json!({"amount": amount, "currency": "USD"})
}

fn row(country: &str, region: Option<&str>, class: Option<&str>) -> Value {
    json!({
        "country": country,
        "region": region,
        "class": class,
        "name": "VAT",
        "percent": "7",
        "on_shipping": true,
    })
}

/// This many rows, each of its own class.
fn rows(count: usize) -> Vec<Value> {
    (0..count).map(|number| row("DE", None, Some(&format!("{number:060}")))).collect()
}

#[test]
fn settings_are_stored_as_they_are_read() {
    let settings = read(&json!({
        "seller": {"name": "Bodega GmbH", "address": "Lindenstr. 1\n10969 Berlin", "footer": ""},
        "prices_include_tax": true,
        "shipping_methods": [
            {
                "id": "dhl", "name": "DHL", "countries": ["de", "AT"], "price": usd_of(490),
                "free_from": "",
            },
            {
                "id": "world", "name": "Airmail", "countries": "", "price": usd_of(1900),
                "free_from": usd_of(9000),
            },
        ],
        "taxes": [row("DE", None, None), row("DE", None, Some("Books")), row("US", Some("ny"), None)],
    }));
    let settings = settings.unwrap();
    let stored = serde_json::to_value(&settings).unwrap();
    assert_eq!(stored["shipping_methods"][0]["countries"], json!(["DE", "AT"]));
    assert_eq!(stored["shipping_methods"][0]["free_from"], Value::Null);
    assert_eq!(stored["shipping_methods"][1]["countries"], Value::Null);
    assert_eq!(stored["taxes"][2]["region"], "NY");
    assert_eq!(stored["seller"]["footer"], Value::Null);
    assert_eq!(serde_json::from_value::<Settings>(stored).unwrap(), settings);
}

#[test]
fn every_invalid_member_is_listed() {
    let empty = json!({"prices_include_tax": false, "shipping_methods": [], "taxes": []});
    assert_eq!(read(&empty), Ok(Settings::default()));
    let method = |id: &str| json!({"id": id, "name": "Post", "price": usd_of(1)});
    for (member, value, expected) in [
        ("prices_include_tax", json!(null), vec!["/prices_include_tax wrong_type"]),
        ("taxes", json!(null), vec!["/taxes required"]),
        ("taxes", json!({}), vec!["/taxes wrong_type"]),
        ("taxes", json!(""), vec!["/taxes wrong_type"]),
        ("seller", json!({"name": "Bodega"}), vec!["/seller/address required"]),
        ("currency", json!("EUR"), vec!["/currency unknown_field"]),
        (
            "shipping_methods",
            json!([method("a b"), method("x"), method("y"), method("x")]),
            vec!["/shipping_methods/0/id invalid_id", "/shipping_methods/3/id duplicate"],
        ),
        (
            "shipping_methods",
            json!([{"id": "x", "name": "X", "countries": [], "price": usd_of(-1)}]),
            vec![
                "/shipping_methods/0/countries too_few",
                "/shipping_methods/0/price/amount negative",
            ],
        ),
        (
            "shipping_methods",
            json!([{
                "id": "x", "name": "X", "countries": ["DE", "de"], "price": usd_of(1)
            }]),
            vec!["/shipping_methods/0/countries duplicate"],
        ),
        (
            "shipping_methods",
            json!([{
                "id": "x", "name": "X", "price": {"amount": 1, "currency": "EUR"},
                "free_from": {"amount": 1, "currency": "EUR"},
            }]),
            vec![
                "/shipping_methods/0/price/currency wrong_currency",
                "/shipping_methods/0/free_from/currency wrong_currency",
            ],
        ),
        (
            "taxes",
            json!([row("DE", None, Some("books")), row("de", None, Some("BOOKS"))]),
            vec!["/taxes/1 duplicate"],
        ),
        (
            "taxes",
            json!([row("US", Some("New York"), None)]),
            vec!["/taxes/0/region invalid_region"],
        ),
        ("taxes", json!(rows(201)), vec!["/taxes too_many"]),
    ] {
        let mut body = empty.clone();
        body[member] = value;
        assert_eq!(read(&body).unwrap_err(), expected, "{body}");
    }
}

#[test]
fn settings_have_at_most_16_kib() {
    let with_footer = |methods: usize, footer: usize| {
        let method = |number: usize| json!({"id": format!("{number:064}"), "name": "x".repeat(60), "price": usd_of(1)});
        read(&json!({
            "seller": {"name": "Bodega", "address": "Berlin", "footer": "x".repeat(footer)},
            "prices_include_tax": true,
            "shipping_methods": (0..methods).map(method).collect::<Vec<_>>(),
            "taxes": rows(60),
        }))
    };
    let settings = with_footer(30, 1).unwrap();
    let bytes = serde_json::to_vec(&settings).unwrap().len();
    assert!(bytes < MAX_BYTES && bytes + 1000 > MAX_BYTES, "{bytes} bytes");
    assert!(with_footer(30, 1 + MAX_BYTES - bytes).is_ok());
    let refused = with_footer(30, 2 + MAX_BYTES - bytes);
    assert_eq!(refused, Err(vec![" settings_too_large".to_owned()]));
}
