use serde_json::{Value, json};

use super::*;
use crate::domain::destination::{Destination, DestinationSource, Place};
use crate::domain::json::Json;
use crate::domain::text::AddressLine;
use crate::domain::user::Country;

fn currency(code: &str) -> Currency {
    Currency::parse(code.to_owned()).unwrap()
}

fn settings(code: &str, body: &Value) -> Settings {
    Settings::read(Json::parse(body.to_string().as_bytes()).unwrap(), currency(code)).unwrap()
}

/// A row of the table: `US-NY` or `DE`, the class or an empty text, and the rate.
fn row(place: &str, class: &str, percent: &str) -> Value {
    let (country, region) = place.split_once('-').unwrap_or((place, ""));
    json!({
        "country": country,
        "region": region,
        "class": class,
        "name": format!("{percent} %"),
        "percent": percent,
        "on_shipping": true,
    })
}

fn place(text: &str) -> Option<Place> {
    let (country, region) = text.split_once('-').unwrap_or((text, ""));
    let country = Country::parse(country.to_owned()).ok()?;
    Some(Place { country, region: AddressLine::parse(region.to_owned()).ok() })
}

fn destination(text: &str, method: Option<&str>) -> Destination {
    let method = method.map(|id| ShippingMethodId::parse(id.to_owned()).unwrap());
    Destination { place: place(text), shipping_method: method }
}

/// Returns the totals of lines, each a sum of minor units and a tax class.
fn totals(settings: &Settings, code: &str, to: &Destination, lines: &[(i64, &str)]) -> Totals {
    let classes: Vec<_> =
        lines.iter().map(|(_, class)| Label::parse((*class).to_owned()).ok()).collect();
    let lines: Vec<_> = lines
        .iter()
        .zip(&classes)
        .map(|((amount, _), class)| ChargedLine {
            total: Money::new(*amount, currency(code)),
            tax_class: class.as_ref(),
        })
        .collect();
    let subtotal = Money::sum(lines.iter().map(|line| line.total), currency(code));
    let charges = settings.charges(to, subtotal, &DestinationSource::ORDER).unwrap();
    charges.totals(lines, currency(code))
}

/// The taxes of the lines, of which each must have one.
fn line_taxes(totals: &Totals) -> Vec<i64> {
    totals.line_taxes.iter().map(|tax| tax.unwrap().amount.amount()).collect()
}

/// The taxes as `(percent, base, amount)`.
fn taxes(totals: &Totals) -> Vec<(String, i64, i64)> {
    let tax = |tax: &TaxTotal| (tax.percent.to_string(), tax.base.amount(), tax.amount.amount());
    totals.taxes.iter().map(tax).collect()
}

fn tax(percent: &str, base: i64, amount: i64) -> (String, i64, i64) {
    (percent.to_owned(), base, amount)
}

#[test]
fn german_taxes_are_within_the_prices() {
    let settings = settings(
        "EUR",
        &json!({
            "prices_include_tax": true,
            "shipping_methods": [
                {"id": "dhl", "name": "DHL", "price": {"amount": 490, "currency": "EUR"}},
            ],
            "taxes": [row("DE", "", "19"), row("DE", "reduced", "7")],
        }),
    );
    let lines = [(1799, ""), (3897, "Reduced")];
    let totals = totals(&settings, "EUR", &destination("DE", Some("dhl")), &lines);
    // 1799 × 19 / 119 = 287.24, 3897 × 7 / 107 = 254.94, 490 × 19 / 119 = 78.24.
    assert_eq!(line_taxes(&totals), [287, 255]);
    assert_eq!(totals.shipping.as_ref().unwrap().tax.unwrap().amount.amount(), 78);
    assert_eq!(taxes(&totals), [tax("19", 1512 + 412, 287 + 78), tax("7", 3642, 255)]);
    assert_eq!((totals.subtotal.amount(), totals.tax().amount()), (5696, 620));
    assert_eq!(totals.total.amount(), 5696 + 490);
}

#[test]
fn new_yorks_sales_tax_is_on_top_and_rounded_per_line() {
    let taxes_of = json!([row("US-NY", "", "8.875")]);
    let body = json!({"prices_include_tax": false, "shipping_methods": [], "taxes": taxes_of});
    let settings = settings("USD", &body);
    let lines = [(1050, ""); 3];
    let totals = totals(&settings, "USD", &destination("US-ny", None), &lines);
    // 1050 × 8.875 % = 93.1875, three times 93; 3150 × 8.875 % = 279.5625 would be 280.
    assert_eq!(line_taxes(&totals), [93, 93, 93]);
    assert_eq!(taxes(&totals), [tax("8.875", 3150, 279)]);
    assert_eq!((totals.total.amount(), totals.shipping), (3429, None));
}

#[test]
fn halves_are_rounded_up_to_the_step_of_the_currency() {
    for (code, is_included, percent, amount, expected) in [
        // 10 % of 5 yen are half a yen, and 10 / 110 of 333 are 30.27.
        ("JPY", false, "10", 5, 1),
        ("JPY", false, "10", 4, 0),
        ("JPY", true, "10", 333, 30),
        ("JPY", true, "8", 1080, 80),
        // 5 % of 1.230 dinars are 0.0615, of 1.300 dinars 0.065; the step is 0.010.
        ("KWD", false, "5", 1230, 60),
        ("KWD", false, "5", 1300, 70),
        ("KWD", true, "5", 1260, 60),
        // 8.875 % of 4 dollars are 35.5 cents.
        ("USD", false, "8.875", 400, 36),
        ("USD", false, "0.0001", 499_999, 0),
        ("USD", false, "0.0001", 500_000, 1),
        ("USD", false, "100", 12_345, 12_345),
        ("USD", true, "100", 12_345, 6173),
        ("USD", true, "0", 12_345, 0),
    ] {
        let taxes = json!([row("DE", "", percent)]);
        let body =
            json!({"prices_include_tax": is_included, "shipping_methods": [], "taxes": taxes});
        let settings = settings(code, &body);
        let totals = totals(&settings, code, &destination("DE", None), &[(amount, "")]);
        assert_eq!(line_taxes(&totals), [expected], "{percent} % of {amount} {code}");
        let on_top = if is_included { 0 } else { expected };
        assert_eq!(totals.total.amount(), amount + on_top);
        assert_eq!(totals.taxes[0].base.amount(), amount - expected + on_top);
    }
}

#[test]
fn the_most_specific_row_counts_the_region_before_the_class() {
    let rows = json!([
        row("US", "clothing", "1"),
        row("US-NY", "", "2"),
        row("US-CA", "clothing", "3"),
        row("US-CA", "", "4"),
        row("DE", "", "5"),
        row("FR", "clothing", "0"),
    ]);
    let body = json!({"prices_include_tax": false, "shipping_methods": [], "taxes": rows});
    let settings = settings("USD", &body);
    for (to, class, expected) in [
        ("US-NY", "clothing", Some("2")),
        ("US-NY", "", Some("2")),
        ("US-CA", "CLOTHING", Some("3")),
        ("US-CA", "food", Some("4")),
        ("US-TX", "clothing", Some("1")),
        ("US-TX", "food", None),
        ("DE", "clothing", Some("5")),
        ("DE-Bayern", "", Some("5")),
        ("US-US-NY", "", Some("2")),
        ("US-us-ca", "clothing", Some("3")),
        ("FR", "clothing", Some("0")),
        ("FR", "", None),
        ("GB", "", None),
    ] {
        let totals = totals(&settings, "USD", &destination(to, None), &[(1000, class)]);
        let percents: Vec<_> = totals.taxes.iter().map(|tax| tax.percent.to_string()).collect();
        assert_eq!(percents.first().map(String::as_str), expected, "{to} {class}");
        assert_eq!(percents.len(), usize::from(expected.is_some()), "a row of 0 is shown");
    }
}

#[test]
fn shipping_is_taxed_at_the_highest_rate_of_the_lines_that_tax_it() {
    let on_shipping = |row: &mut Value, is_on: bool| row["on_shipping"] = json!(is_on);
    let mut rows = vec![row("DE", "books", "7"), row("DE", "", "19"), row("DE", "luxury", "30")];
    on_shipping(&mut rows[2], false);
    let price = json!({"amount": 1000, "currency": "EUR"});
    let free_from = json!({"amount": 5000, "currency": "EUR"});
    let methods = json!([{"id": "post", "name": "Post", "price": price, "free_from": free_from}]);
    let body = json!({"prices_include_tax": false, "shipping_methods": methods, "taxes": rows});
    let settings = settings("EUR", &body);
    for (lines, expected) in [
        (vec![(100, "books")], Some(70)),
        (vec![(100, "books"), (100, "toys")], Some(190)),
        (vec![(100, "luxury"), (100, "books")], Some(70)),
        (vec![(100, "luxury")], None),
        (vec![(5000, "books")], Some(0)),
    ] {
        let totals = totals(&settings, "EUR", &destination("DE", Some("post")), &lines);
        let shipping = totals.shipping.unwrap();
        assert_eq!(shipping.tax.map(|tax| tax.amount.amount()), expected, "{lines:?}");
        let is_free = lines[0].0 == 5000;
        assert_eq!(shipping.price.amount(), if is_free { 0 } else { 1000 });
    }
}

#[test]
fn rows_of_the_same_name_and_rate_are_one() {
    let rows = json!([row("DE", "books", "7"), row("DE", "food", "7"), row("DE", "", "19")]);
    let body = json!({"prices_include_tax": true, "shipping_methods": [], "taxes": rows});
    let settings = settings("EUR", &body);
    let lines = [(1070, "food"), (1190, ""), (2140, "books")];
    let totals = totals(&settings, "EUR", &destination("DE", None), &lines);
    assert_eq!(taxes(&totals), [tax("7", 3000, 210), tax("19", 1000, 190)]);
    let rows: Vec<_> = totals.line_taxes.iter().map(|tax| tax.unwrap().row).collect();
    assert_eq!(rows, [0, 1, 0]);
}

#[test]
fn the_largest_order_is_within_the_bound_of_totals() {
    let price = json!({"amount": Money::MAX, "currency": "USD"});
    let methods = json!([{"id": "post", "name": "Post", "price": price}]);
    let rows = json!([row("DE", "", "100")]);
    let body = json!({"prices_include_tax": false, "shipping_methods": methods, "taxes": rows});
    let settings = settings("USD", &body);
    let lines = vec![(Money::MAX * i64::from(Quantity::MAX), ""); 40];
    let totals = totals(&settings, "USD", &destination("DE", Some("post")), &lines);
    assert_eq!(totals.total.amount(), 2 * (lines[0].0 * 40 + Money::MAX));
    assert!(totals.total.amount() <= crate::domain::money::Total::MAX);
}

#[test]
fn the_taxes_of_single_units_add_up_to_that_of_their_line() {
    for (line_tax, quantity, code) in
        [(100, 3, "USD"), (2, 7, "EUR"), (0, 5, "JPY"), (70, 4, "KWD")]
    {
        let line_tax = Money::new(line_tax, currency(code));
        let quantity = Quantity::new(quantity).unwrap();
        let parts: Vec<_> = (0..quantity.get())
            .map(|before| tax_of_units(line_tax, quantity, before, 1).amount())
            .collect();
        assert_eq!(parts.iter().sum::<i64>(), line_tax.amount(), "{parts:?}");
        assert!(parts.iter().all(|part| *part >= 0 && part % currency(code).step() == 0));
    }
    // A third of a dollar is 33.33 cents, two thirds are 66.67.
    let dollar = Money::new(100, currency("USD"));
    let parts = [0, 1, 2].map(|before| tax_of_units(dollar, Quantity::new(3).unwrap(), before, 1));
    assert_eq!(parts.map(Money::amount), [33, 34, 33]);
}

fn errors(settings: &Settings, to: &Destination, source: &DestinationSource) -> Vec<String> {
    let subtotal = Money::new(100, currency("USD"));
    let invalid = settings.charges(to, subtotal, source).err();
    let field =
        |field: &crate::domain::invalid::FieldError| format!("{} {}", field.pointer, field.code);
    invalid.map_or(Vec::new(), |invalid| invalid.fields().iter().map(field).collect())
}

#[test]
fn an_order_needs_what_its_costs_depend_on() {
    let price = json!({"amount": 500, "currency": "USD"});
    let methods = json!([
        {"id": "ups", "name": "UPS", "countries": ["US"], "price": price},
        {"id": "dhl", "name": "DHL", "countries": ["DE"], "price": price},
    ]);
    let rows = json!([row("US-NY", "", "8.875")]);
    let body = json!({"prices_include_tax": false, "shipping_methods": methods, "taxes": rows});
    let settings = settings("USD", &body);
    let order =
        |to: &str, method| errors(&settings, &destination(to, method), &DestinationSource::ORDER);
    assert_eq!(
        order("", None),
        [
            "/shipping_address shipping_address_required",
            "/shipping_method shipping_method_required",
        ]
    );
    assert_eq!(order("", Some("dhl")), ["/shipping_address shipping_address_required"]);
    assert_eq!(
        order("", Some("fedex")),
        ["/shipping_address shipping_address_required", "/shipping_method unknown_shipping_method",]
    );
    assert_eq!(order("US-NY", Some("ups")), [""; 0]);
    assert_eq!(order("US-NY", None), ["/shipping_method shipping_method_required"]);
    assert_eq!(order("US-NY", Some("dhl")), ["/shipping_method unknown_shipping_method"]);
    assert_eq!(order("FR", Some("dhl")), ["/shipping_method unknown_shipping_method"]);
    assert_eq!(
        order("US-New York", None),
        [
            "/shipping_address/region region_code_required",
            "/shipping_method shipping_method_required",
        ]
    );
    let cart = |to: &str, method| {
        errors(&settings, &destination(to, method), &DestinationSource::CART_QUERY)
    };
    assert_eq!(cart("DE", None), [""; 0]);
    assert_eq!(
        cart("US", Some("dhl")),
        ["region region_code_required", "shipping_method unknown_shipping_method",]
    );
}

#[test]
fn nothing_is_shipped_without_lines() {
    let price = json!({"amount": 500, "currency": "USD"});
    let methods = json!([{"id": "post", "name": "Post", "price": price}]);
    let body = json!({"prices_include_tax": false, "shipping_methods": methods, "taxes": []});
    let settings = settings("USD", &body);
    let totals = totals(&settings, "USD", &destination("DE", Some("post")), &[]);
    assert_eq!((totals.total.amount(), totals.shipping), (0, None));
}

#[test]
fn methods_with_prices_in_another_currency_are_not_offered() {
    let price = json!({"amount": 500, "currency": "EUR"});
    let methods = json!([{"id": "post", "name": "Post", "price": price}]);
    let body = json!({"prices_include_tax": false, "shipping_methods": methods, "taxes": []});
    let settings = settings("EUR", &body);
    let (to, dollars) = (destination("DE", Some("post")), Money::new(100, currency("USD")));
    let refused = settings.charges(&to, dollars, &DestinationSource::ORDER).unwrap_err();
    let detail = &refused.fields()[0].detail;
    assert!(detail.contains("currency"), "{detail}");
    assert_eq!(refused.facts()["shipping_methods"], json!([]));
}

#[test]
fn a_shop_without_settings_charges_the_lines_only() {
    let none = Settings::default();
    let totals = totals(&none, "USD", &destination("", None), &[(100, ""), (250, "books")]);
    assert_eq!((totals.total.amount(), totals.tax().amount()), (350, 0));
    assert_eq!((totals.shipping, totals.line_taxes), (None, vec![None, None]));
    let unknown = errors(&none, &destination("", Some("post")), &DestinationSource::ORDER);
    assert_eq!(unknown, ["/shipping_method unknown_shipping_method"]);
}
