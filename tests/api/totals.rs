//! What orders cost, for random settings, lines and destinations.

use serde_json::{Value, json};
use shared::domain::destination::{Destination, DestinationSource, Place};
use shared::domain::json::Json;
use shared::domain::money::{Currency, Money};
use shared::domain::quantity::Quantity;
use shared::domain::settings::{Percent, Region, Settings, ShippingMethodId, Tax};
use shared::domain::text::{AddressLine, Label};
use shared::domain::totals::{ChargedLine, TaxShare, Totals, tax_of_units};
use shared::domain::user::Country;
use tests::random::Random;

const CURRENCIES: [&str; 5] = ["USD", "EUR", "JPY", "KWD", "VND"];
const CLASSES: [&str; 3] = ["books", "food", "toys"];
const PERCENTS: [&str; 8] = ["0", "5.5", "7", "8.875", "19", "20", "25.0001", "100"];

fn pick<'t, T>(random: &Random, from: &'t [T]) -> &'t T {
    &from[usize::try_from(random.below(from.len() as u64)).expect("an index")]
}

fn settings(random: &Random, currency: Currency) -> Settings {
    let price = |most: u64| {
        let amount = i64::try_from(random.below(most)).expect("a price") * currency.step();
        json!({"amount": amount, "currency": currency.code()})
    };
    let mut taxes: Vec<Value> = Vec::new();
    for region in [json!(null), json!("NY"), json!("CA")] {
        for class in [json!(null), json!("Books"), json!("food")] {
            if random.percent(40) {
                taxes.push(json!({
                    "country": "US",
                    "region": region,
                    "class": class,
                    "name": pick(random, &["VAT", "Sales tax"]),
                    "percent": pick(random, &PERCENTS),
                    "on_shipping": random.percent(50),
                }));
            }
        }
    }
    let method =
        json!({"id": "post", "name": "Post", "price": price(2000), "free_from": price(90_000)});
    let body = json!({
        "prices_include_tax": random.percent(50),
        "shipping_methods": if random.percent(70) { json!([method]) } else { json!([]) },
        "taxes": taxes,
    });
    Settings::read(Json::parse(body.to_string().as_bytes()).expect("JSON"), currency)
        .expect("settings")
}

struct Line {
    total: Money,
    quantity: Quantity,
    class: Option<Label>,
}

fn lines(random: &Random, currency: Currency) -> Vec<Line> {
    let line = |_| {
        let most = *pick(random, &[10, 3000, 100_000_000_000]);
        let price = i64::try_from(random.below(most)).expect("a price") / currency.step();
        let quantity = u32::try_from(1 + random.below(12)).expect("a quantity");
        let class = pick(random, &CLASSES);
        Line {
            total: Money::new(price * currency.step() * i64::from(quantity), currency),
            quantity: Quantity::new(quantity).expect("a quantity"),
            class: random.percent(70).then(|| Label::parse((*class).to_owned()).expect("a class")),
        }
    };
    (0..1 + random.below(12)).map(line).collect()
}

/// Checks that a tax is the exact one, rounded half up to the currency's step, by multiplication
/// only: `tax` is the multiple of `step` with `tax - step / 2 <= exact < tax + step / 2`.
fn assert_rounded_half_up(price: Money, tax: Money, percent: Percent, is_included: bool) {
    let rate = percent.millionths();
    let whole = if is_included { Percent::WHOLE + rate } else { Percent::WHOLE };
    let (step, tax) = (i128::from(price.currency().step()), i128::from(tax.amount()));
    let doubled_error = 2 * i128::from(price.amount()) * rate - 2 * tax * whole;
    assert_eq!(tax % step, 0);
    assert!(-step * whole <= doubled_error, "{tax} is too much of {price} at {percent} %");
    assert!(doubled_error < step * whole, "{tax} is too little of {price} at {percent} %");
}

fn amount(tax: Option<TaxShare>) -> i64 {
    tax.map_or(0, |tax| tax.amount.amount())
}

/// Returns the row of a region and a class: each of the four kinds of rows in turn, the most specific
/// first.
fn rate<'s>(settings: &'s Settings, region: &str, class: Option<&Label>) -> Option<&'s Tax> {
    let class = class.map(|class| class.as_str().to_lowercase());
    let find = |region: Option<&str>, class: Option<&str>| {
        settings.taxes.iter().find(|row| {
            row.region.as_ref().map(Region::as_str) == region
                && row.class.as_ref().map(|it| it.as_str().to_lowercase()).as_deref() == class
        })
    };
    let of_class = |region| class.as_deref().and_then(|class| find(region, Some(class)));
    of_class(Some(region))
        .or_else(|| find(Some(region), None))
        .or_else(|| of_class(None))
        .or_else(|| find(None, None))
}

fn check(settings: &Settings, region: &str, lines: &[Line], totals: &Totals) {
    let is_included = settings.prices_include_tax;
    let shipping = totals.shipping.as_ref();
    let shipping_price = shipping.map_or(0, |shipping| shipping.price.amount());
    let subtotal: i64 = lines.iter().map(|line| line.total.amount()).sum();
    let tax = totals.tax().amount();
    assert_eq!(totals.subtotal.amount(), subtotal);
    let on_top = if is_included { 0 } else { tax };
    assert_eq!(totals.total.amount(), subtotal + shipping_price + on_top);

    let shipping_tax = shipping.and_then(|shipping| shipping.tax);
    let shares = totals.line_taxes.iter().copied().zip(lines.iter().map(|line| line.total));
    let shipping_share = shipping.map(|shipping| (shipping.tax, shipping.price));
    let rates: Vec<_> =
        lines.iter().map(|line| rate(settings, region, line.class.as_ref())).collect();
    let shown = |tax: &Option<TaxShare>| tax.map(|tax| totals.taxes[tax.row].percent);
    let charged: Vec<_> = totals.line_taxes.iter().map(shown).collect();
    assert_eq!(charged, rates.iter().map(|row| row.map(|row| row.percent)).collect::<Vec<_>>());
    let on_shipping = rates.iter().flatten().filter(|row| row.on_shipping);
    let highest = on_shipping.map(|row| row.percent).max();
    assert_eq!(shipping_tax.map(|tax| totals.taxes[tax.row].percent), shipping.and(highest));
    let mut by_row = vec![(0, 0); totals.taxes.len()];
    for (tax, price) in shares.chain(shipping_share) {
        let Some(tax) = tax else { continue };
        assert_rounded_half_up(price, tax.amount, totals.taxes[tax.row].percent, is_included);
        let within = if is_included { tax.amount.amount() } else { 0 };
        by_row[tax.row].0 += price.amount() - within;
        by_row[tax.row].1 += tax.amount.amount();
    }
    let rows = totals.taxes.iter().map(|tax| (tax.base.amount(), tax.amount.amount()));
    assert_eq!(rows.collect::<Vec<_>>(), by_row);

    let mut refunded = amount(shipping_tax);
    for (line, tax) in lines.iter().zip(&totals.line_taxes) {
        let line_tax = Money::new(amount(*tax), line.total.currency());
        for before in 0..line.quantity.get() {
            let part = tax_of_units(line_tax, line.quantity, before, 1);
            assert!(part.amount() >= 0 && part.amount() % part.currency().step() == 0);
            refunded += part.amount();
        }
    }
    assert_eq!(refunded, tax, "refunding every unit gives back the tax");
}

#[test]
fn lines_shipping_and_taxes_add_up_in_every_currency() {
    let random = Random::seeded();
    for round in 0..4000 {
        let currency = Currency::parse(CURRENCIES[round % CURRENCIES.len()].to_owned());
        let currency = currency.expect("a currency");
        let (settings, lines) = (settings(&random, currency), lines(&random, currency));
        let region = pick(&random, &["NY", "CA", "TX"]);
        let place = Place {
            country: Country::parse("US".to_owned()).expect("a country"),
            region: Some(AddressLine::parse((*region).to_owned()).expect("a region")),
        };
        let method = settings.shipping_methods.first();
        let shipping_method: Option<ShippingMethodId> = method.map(|method| method.id.clone());
        let to = Destination { place: Some(place), shipping_method };
        let charged = lines
            .iter()
            .map(|line| ChargedLine { total: line.total, tax_class: line.class.as_ref() });
        let subtotal = Money::sum(lines.iter().map(|line| line.total), currency);
        let charges = settings.charges(&to, subtotal, &DestinationSource::ORDER).expect("charges");
        check(&settings, region, &lines, &charges.totals(charged, currency));
    }
}
