//! The proof of what the shop promises about stock: many buyers at once, on a bad day of the database.
//!
//! `BUYERS=1000 cargo test -p tests --test api proof` has as many buyers.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::{join, join_all, join3};
use serde_json::{Value, json};
use shared::auth::cart_token::CartToken;
use shared::domain::order::PaymentMethod;
use tests::answer::{Answer, persist};
use tests::app::App;
use tests::gate::Faults;
use tests::persona::Persona;
use tests::random::Random;
use tests::samples::{expire_in_the_end, text_of};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The units in stock at the beginning, of each SKU.
type Stock = BTreeMap<String, u64>;

#[expect(clippy::disallowed_methods, reason = "says how large the proof is, not a setting")]
fn buyers() -> usize {
    std::env::var("BUYERS").map_or(200, |buyers| buyers.parse().expect("a number"))
}

/// A shop with guests, on a bad day.
async fn start(random: Random) -> App {
    let builder = App::builder().faults(Faults::mixed(random)).configure(|config| {
        config.payment_methods.guests = vec![PaymentMethod::Manual];
    });
    builder.start().await
}

/// Creates products with one variant of each SKU.
async fn create(app: &App, stock: &Stock) {
    let admin = app.admin().await;
    for (sku, units) in stock {
        let variants = json!([{"sku": sku, "stock": units}]);
        let price = json!({"amount": 500, "currency": "USD"});
        let body = json!({"name": sku, "price": price, "variants": variants});
        let answer = persist(|| admin.post("/products", body.clone())).await;
        // The response to an earlier try may have been lost.
        assert!(matches!(answer.status, 201 | 409), "{answer:?}");
    }
}

/// Returns what is left of each SKU, as stored.
async fn left(app: &App) -> Stock {
    let items = app.items().await.into_iter();
    let variants = items.filter(|item| text_of(item, "type") == "variant");
    let units = variants.map(|item| {
        let available = item["available"].as_n().expect("a number");
        (text_of(&item, "sku"), available.parse().expect("no negative number"))
    });
    units.collect()
}

/// Returns the units of each SKU that orders took and did not return, as stored, and the number of
/// orders that hold units.
async fn sold(app: &App) -> (Stock, usize) {
    let (mut sold, mut live) = (Stock::new(), 0);
    for item in app.items().await {
        if text_of(&item, "type") != "order" {
            continue;
        }
        let status = item["summary"].as_m().expect("a map")["status"].as_s().expect("a text");
        live += usize::from(status != "cancelled" && status != "expired");
        for line in item["lines"].as_l().expect("lines") {
            let line = line.as_m().expect("a line");
            let number = |member: &str| {
                let number = line.get(member).map_or("0", |it| it.as_n().expect("a number"));
                number.parse::<u64>().expect("a number")
            };
            let sku = line["sku"].as_s().expect("a text").clone();
            *sold.entry(sku).or_default() += number("quantity") - number("restocked_quantity");
        }
    }
    (sold, live)
}

/// Checks that every unit is in stock or in an order.
async fn check(app: &App, stock: &Stock, when: &str) {
    let (mut units, (sold, _)) = (left(app).await, sold(app).await);
    for (sku, quantity) in sold {
        *units.entry(sku).or_default() += quantity;
    }
    assert_eq!(units, *stock, "{when}: initial = available + units in live orders");
}

async fn buy_one(who: &Persona<'_>, sku: &str) -> Answer {
    let mut body = json!({"items": [{"sku": sku, "quantity": 1}]});
    if who.user_id.is_none() {
        body["email"] = "guest@example.com".into();
    }
    persist(|| {
        let call = who.call("POST", "/orders").header("idempotency-key", "key").json(&body);
        async move { call.send().await }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_many_orders_as_units_whatever_happens_to_the_requests() {
    let buyers = buyers();
    let units = buyers / 10;
    let stock = Stock::from([("MUG".to_owned(), units as u64)]);
    let app = start(Random::seeded()).await;
    create(&app, &stock).await;
    let mut everybody = Vec::with_capacity(buyers);
    for number in 0..buyers {
        everybody.push(match number % 2 {
            0 => app.customer(&format!("customer-{number}")).await,
            _ => app.anonymous().with_cart(&CartToken::new().expect("a token").write()),
        });
    }
    let is_over = AtomicBool::new(false);
    let watch = async {
        let mut last = units as u64;
        while !is_over.load(Ordering::Relaxed) {
            let now = left(&app).await["MUG"];
            assert!(now <= last, "{now} after {last}: nothing is cancelled");
            last = now;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let buy = async {
        let answers = join_all(everybody.iter().map(|buyer| buy_one(buyer, "MUG"))).await;
        is_over.store(true, Ordering::Relaxed);
        answers
    };

    let (answers, ()) = join(buy, watch).await;

    let placed = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(placed, units, "{answers:?}");
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        answer.expect_problem(409, "out_of_stock");
    }
    assert_eq!(sold(&app).await, (stock, units));
    assert_eq!(left(&app).await["MUG"], 0);
}

/// What a shopper does in one round.
async fn shop(app: &App, shopper: &Persona<'_>, random: &Random, round: usize) {
    const SKUS: [&str; 3] = ["A", "B", "C"];
    let pick = |bound: usize| usize::try_from(random.below(bound as u64)).expect("a number");
    let mut who = shopper.clone();
    if random.percent(40) {
        // Fills a cart before the login, which merges.
        let line = json!({"sku": SKUS[pick(3)], "quantity": 1 + pick(3)});
        let added = app.anonymous().post("/cart/items", line).await;
        if let Some(token) = added.header("cart-token") {
            who = shopper.with_cart(token);
        }
    }
    for _ in 0..1 + pick(3) {
        let line = json!({"sku": SKUS[pick(3)], "quantity": 1 + pick(3)});
        who.post("/cart/items", line).await;
    }
    let key = format!("round-{round}");
    let placed = persist(|| {
        let call = shopper.call("POST", "/orders").header("idempotency-key", &key);
        async move { call.send().await }
    })
    .await;
    assert!([201, 409].contains(&placed.status), "{placed:?}");
    if placed.status == 201 && random.percent(50) {
        let path = format!("/orders/{}", placed.body["id"].as_str().expect("an id"));
        let cancelled = persist(|| shopper.delete(&path)).await;
        cancelled.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_unit_is_in_stock_or_in_an_order_among_merges_cancellations_and_new_prices() {
    let (random, choices) = (Random::seeded(), Random::seeded_by(1));
    let stock: Stock = ["A", "B", "C"].map(|sku| (sku.to_owned(), 40)).into();
    let app = start(random).await;
    create(&app, &stock).await;
    let admin = app.admin().await;
    let mut shoppers = Vec::new();
    for number in 0..16 {
        shoppers.push(app.customer(&format!("customer-{number}")).await);
    }
    for round in 0..3 {
        let buy = join_all(shoppers.iter().map(|who| shop(&app, who, &choices, round)));
        let reprice = async {
            let Some(path) = path_of(&app, "A").await else { return };
            for cents in [500, 700, 500] {
                let price: Value = json!({"amount": cents, "currency": "USD"});
                admin.put(&path, json!({"name": "A", "price": price})).await;
            }
        };

        join(buy, reprice).await;

        check(&app, &stock, &format!("after round {round}")).await;
    }
    let (sold, live) = sold(&app).await;
    assert!(live > 0 && !sold.is_empty(), "something was sold");
}

/// The path of the product that sells a SKU.
async fn path_of(app: &App, sku: &str) -> Option<String> {
    let items = app.items().await;
    let is_of_sku = |item: &&HashMap<String, AttributeValue>| {
        text_of(item, "type") == "variant" && text_of(item, "sku") == sku
    };
    Some(format!("/products/{}", text_of(items.iter().find(is_of_sku)?, "product_id")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_unit_is_in_stock_or_in_an_order_while_orders_expire_among_checkouts_and_new_prices()
{
    let (random, choices) = (Random::seeded(), Random::seeded_by(1));
    let stock: Stock = ["A", "B", "C"].map(|sku| (sku.to_owned(), 60)).into();
    let app = start(random).await;
    create(&app, &stock).await;
    let admin = app.admin().await;
    let mut shoppers = Vec::new();
    for number in 0..10 {
        shoppers.push(app.customer(&format!("customer-{number}")).await);
    }
    for round in 0..3 {
        app.advance(DAY * 7);
        let mut now = Vec::new();
        for who in &shoppers {
            now.push(who.with_new_session().await);
        }
        let admin = admin.with_new_session().await;
        // Those of the round before are due now.
        let buy = join_all(now.iter().map(|who| shop(&app, who, &choices, round)));
        let expire = join_all((0..2).map(|_| expire_in_the_end(&app)));
        let reprice = async {
            let Some(path) = path_of(&app, "B").await else { return };
            for cents in [500, 700, 500] {
                let price: Value = json!({"amount": cents, "currency": "USD"});
                admin.put(&path, json!({"name": "B", "price": price})).await;
            }
        };

        join3(buy, expire, reprice).await;

        check(&app, &stock, &format!("after round {round}")).await;
    }
    app.advance(DAY * 7);
    expire_in_the_end(&app).await;
    check(&app, &stock, "after the last expiry").await;
    assert_eq!((left(&app).await, sold(&app).await.1), (stock, 0), "nothing was paid");
    let ends = app.items().await.into_iter().filter(|item| text_of(item, "type") == "order");
    let is_expired = |item: &HashMap<String, AttributeValue>| {
        item["summary"].as_m().expect("a map")["status"].as_s().expect("a text") == "expired"
    };
    assert!(ends.filter(is_expired).count() > 0, "some expired");
}
