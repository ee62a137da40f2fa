//! `PUT /settings`

use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::domain::money::Currency;
use tests::answer::{Answer, tally};
use tests::app::App;
use tests::gate::Loss;
use tests::persona::Persona;
use tests::samples::usd;

/// Replaces the settings of this version.
async fn put(admin: &Persona<'_>, version: u64, settings: &Value) -> Answer {
    let tag = format!("\"{version}\"");
    admin.call("PUT", "/settings").header("if-match", &tag).json(settings).send().await
}

fn settings(seller: &str) -> Value {
    json!({
        "seller": {
            "name": seller,
            "address": "Lindenstr. 1\n10969 Berlin",
            "tax_id": "DE123456789",
            "footer": null,
        },
        "prices_include_tax": true,
        "shipping_methods": [{
            "id": "dhl",
            "name": "DHL",
            "countries": ["DE", "AT"],
            "price": usd(490),
            "free_from": null,
        }],
        "taxes": [{
            "country": "DE",
            "region": null,
            "class": null,
            "name": "MwSt.",
            "percent": "19",
            "on_shipping": true,
        }],
    })
}

#[tokio::test]
async fn settings_are_replaced_as_a_whole_and_shown_to_anyone() {
    let app = App::start().await;
    let admin = app.admin().await;
    let changed = put(&admin, 0, &settings("Bodega GmbH")).await;
    assert!(changed.header("etag").expect("a tag").starts_with("\"1-"), "{changed:?}");
    let changed = changed.expect(200);
    let mut expected = settings("Bodega GmbH");
    expected["version"] = json!(1);
    assert_eq!(changed, expected);
    assert_eq!(app.anonymous().get("/settings").await.expect(200), changed);

    let sent_back = put(&admin, 1, &changed).await.expect(200);
    assert_eq!(sent_back, changed, "the same settings are no change");
    let less = json!({"prices_include_tax": false, "shipping_methods": [], "taxes": []});
    let less = put(&admin, 1, &less).await.expect(200);
    assert_eq!((&less["seller"], &less["version"]), (&json!(null), &json!(2)));
}

#[tokio::test]
async fn a_change_names_the_version_that_it_changes() {
    let app = App::start().await;
    let admin = app.admin().await;
    let new = settings("Bodega");
    admin.put("/settings", new.clone()).await.expect_problem(428, "version_required");
    put(&admin, 1, &new).await.expect_problem(412, "version_mismatch");
    let malformed = admin.call("PUT", "/settings").header("if-match", "1").json(&new);
    malformed.send().await.expect_problem(400, "invalid_if_match");
    let any =
        || admin.call("PUT", "/settings").header("if-match", "*").json(&settings("Any")).send();
    any().await.expect_problem(412, "version_mismatch");
    put(&admin, 0, &new).await.expect(200);
    put(&admin, 0, &settings("Other")).await.expect_problem(412, "version_mismatch");
    assert_eq!(any().await.expect(200)["version"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_changes_of_the_same_version_one_is_made() {
    let app = App::start().await;
    let admin = app.admin().await;
    app.warm_up().await;
    for version in 0..3 {
        let change = |number| settings(&format!("Seller {number} after version {version}"));
        let changes: Vec<_> = (0..8).map(change).collect();
        // All of them have read this version before the first one writes.
        app.race_puts(8);
        let answers = join_all(changes.iter().map(|change| put(&admin, version, change))).await;
        assert_eq!(tally(&answers), [(200, 1), (412, 7)].into(), "version {version}");
        let made = answers.iter().find(|answer| answer.status == 200).expect("a change");
        let stored = app.anonymous().get("/settings").await.expect(200);
        assert_eq!((&stored, &stored["version"]), (&made.body, &json!(version + 1)));
    }
}

#[tokio::test]
async fn a_change_whose_response_was_lost_counts_once() {
    let app = App::start().await;
    let admin = app.admin().await;
    app.warm_up().await;
    app.lose_puts(Loss::OfResponse, 1);
    let changed = put(&admin, 0, &settings("Bodega")).await.expect(200);
    assert_eq!(changed["version"], 1);
}

#[tokio::test]
async fn settings_of_more_than_16_kib_are_refused() {
    let app = App::start().await;
    let admin = app.admin().await;
    let tax = |number: usize| {
        json!({
            "country": "DE",
            "class": format!("{number:060}"),
            "name": "x".repeat(60),
            "percent": "19",
            "on_shipping": true,
        })
    };
    let taxes: Vec<_> = (0..100).map(tax).collect();
    let body = json!({"prices_include_tax": true, "shipping_methods": [], "taxes": taxes});
    put(&admin, 0, &body).await.expect_problem(422, "settings_too_large");
}

#[tokio::test]
async fn every_invalid_setting_is_named() {
    let app = App::start().await;
    let admin = app.admin().await;
    let put_with = async |pointer: &str, value: Value| {
        let mut body = settings("Bodega");
        *body.pointer_mut(pointer).expect("a member") = value;
        put(&admin, 0, &body).await.expect_invalid()
    };
    let of = |method: &str| json!({"id": method, "name": "Post", "price": usd(1)});
    let row = settings("Bodega")["taxes"][0].clone();
    let method = "/shipping_methods/0";
    for (pointer, value, at, code) in [
        ("/seller/name", json!("a\u{0}b"), "/seller/name", "control_character"),
        ("/seller/name", json!("a\u{202e}b"), "/seller/name", "bidi_control"),
        ("/seller/name", json!(" "), "/seller/name", "too_short"),
        ("/seller/address", json!("x".repeat(1001)), "/seller/address", "too_long"),
        ("/seller", json!({"name": "Bodega"}), "/seller/address", "required"),
        ("/prices_include_tax", json!("yes"), "/prices_include_tax", "wrong_type"),
        ("/shipping_methods", json!([of("a b")]), "/shipping_methods/0/id", "invalid_id"),
        ("/shipping_methods", json!([of("a"), of("a")]), "/shipping_methods/1/id", "duplicate"),
        ("/shipping_methods", json!(vec![of("a"); 41]), "/shipping_methods", "too_many"),
        (method, json!({"id": "a"}), "/shipping_methods/0/name", "required"),
        ("/shipping_methods/0/countries", json!([]), "/shipping_methods/0/countries", "too_few"),
        (
            "/shipping_methods/0/countries",
            json!(["DE", "UK"]),
            "/shipping_methods/0/countries/1",
            "invalid_country",
        ),
        (
            "/shipping_methods/0/price/amount",
            json!(-1),
            "/shipping_methods/0/price/amount",
            "negative",
        ),
        (
            "/shipping_methods/0/price/amount",
            json!(4.9),
            "/shipping_methods/0/price/amount",
            "not_minor_units",
        ),
        (
            "/shipping_methods/0/price/amount",
            json!(100_000_000_001_u64),
            "/shipping_methods/0/price/amount",
            "too_large",
        ),
        (
            "/shipping_methods/0/price/currency",
            json!("EUR"),
            "/shipping_methods/0/price/currency",
            "wrong_currency",
        ),
        (
            "/shipping_methods/0/price/currency",
            json!("usd"),
            "/shipping_methods/0/price/currency",
            "unknown_currency",
        ),
        ("/taxes", json!([row, row]), "/taxes/1", "duplicate"),
        ("/taxes/0/percent", json!("19,0"), "/taxes/0/percent", "invalid_percent"),
        ("/taxes/0/percent", json!(19), "/taxes/0/percent", "wrong_type"),
        ("/taxes/0/region", json!("Bayern"), "/taxes/0/region", "invalid_region"),
        ("/taxes/0/on_shipping", json!(null), "/taxes/0/on_shipping", "wrong_type"),
    ] {
        let errors = put_with(pointer, value).await;
        let expected = (at.to_owned(), code.to_owned());
        assert!(errors.contains(&expected), "{pointer}: {errors:?}");
    }
    assert_eq!(app.anonymous().get("/settings").await.expect(200)["version"], 0);
}

#[tokio::test]
async fn amounts_are_multiples_of_the_currencys_step() {
    let kwd = Currency::parse("KWD".to_owned()).expect("a currency");
    let app = App::builder().configure(|config| config.currency = kwd).start().await;
    let price = json!({"amount": 1005, "currency": "KWD"});
    let body = json!({
        "prices_include_tax": false,
        "shipping_methods": [{"id": "post", "name": "Post", "price": price}],
        "taxes": [],
    });
    let errors = put(&app.admin().await, 0, &body).await.expect_invalid();
    let at = "/shipping_methods/0/price/amount".to_owned();
    assert_eq!(errors, [(at, "not_a_multiple".to_owned())]);
}
