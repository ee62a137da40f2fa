//! The ledger of stock, the alerts and the list of low stock, as the table's stream keeps them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use serde_json::{Value, json};
use shared::domain::inventory::Inventory;
use shared::services::rebuild;
use shared::store::inventory::NotMarked;
use tests::app::App;
use tests::persona::Persona;
use tests::random::Random;
use tests::samples::{create_product, id, path_of, text_of, usd};
use tests::stream::Stream;

type Item = std::collections::HashMap<String, AttributeValue>;

/// Creates a product with one variant and a threshold.
async fn create(admin: &Persona<'_>, sku: &str, stock: u32, threshold: u32) -> Value {
    let variants = json!([{"sku": sku, "stock": stock}]);
    let body = json!({
        "name": format!("The {sku}"), "price": usd(500), "low_stock_threshold": threshold,
        "variants": variants,
    });
    create_product(admin, body).await
}

async fn order(who: &Persona<'_>, sku: &str, units: u64) -> tests::answer::Answer {
    who.post("/orders", json!({"items": [{"sku": sku, "quantity": units}]})).await
}

async fn adjust(admin: &Persona<'_>, sku: &str, delta: i64) -> tests::answer::Answer {
    let body = json!({"delta": delta, "reason": "Counted"});
    admin.post(&format!("/inventory/{sku}/adjustments"), body).await
}

pub fn number(item: &Item, attribute: &str) -> i64 {
    item[attribute].as_n().expect("a number").parse().expect("a whole number")
}

/// The alerts in the outbox, each as the SKU and what was left.
pub async fn alerts(app: &App) -> Vec<(String, String)> {
    let messages = app.items().await.into_iter().filter(|item| text_of(item, "type") == "message");
    let alert = |item: Item| {
        let event = item["event"].as_m().expect("an event").clone();
        (text_of(&event, "kind") == "low_stock").then(|| {
            let stock = event["stock"].as_m().expect("a stock");
            (text_of(stock, "sku"), stock["available"].as_n().expect("a number").clone())
        })
    };
    let mut alerts: Vec<_> = messages.filter_map(alert).collect();
    alerts.sort();
    alerts
}

/// Checks that the ledger of each variant has every movement, and that they lead to its stock.
pub async fn check_ledgers(app: &App) -> usize {
    let items = app.items().await;
    let mut ledgers: BTreeMap<String, BTreeMap<i64, (i64, i64)>> = BTreeMap::new();
    for item in items.iter().filter(|item| text_of(item, "type") == "movement") {
        let entry = (number(item, "delta"), number(item, "available_after"));
        let ledger = ledgers.entry(text_of(item, "pk")).or_default();
        assert_eq!(ledger.insert(number(item, "number"), entry), None, "{item:?}");
    }
    let mut all = 0;
    for variant in items.iter().filter(|item| text_of(item, "type") == "variant") {
        let (product, sku) = (text_of(variant, "product_id"), text_of(variant, "sku"));
        let ledger = ledgers.remove(&format!("LEDGER#{product}#{sku}")).unwrap_or_default();
        let numbers: Vec<_> = ledger.keys().copied().collect();
        let expected: Vec<_> = (1..=number(variant, "movements")).collect();
        assert_eq!(numbers, expected, "{product}, {sku}");
        let mut available = 0;
        for (number, (delta, after)) in &ledger {
            available += delta;
            assert_eq!(available, *after, "{product}, {sku}, movement {number}");
        }
        assert_eq!(available, number(variant, "available"), "{product}, {sku}");
        all += ledger.len();
    }
    assert!(ledgers.is_empty(), "ledgers of no variant: {ledgers:?}");
    all
}

#[tokio::test]
async fn every_admin_gets_one_mail_when_stock_gets_low_and_none_for_the_sales_after_it() {
    let app = App::builder().with_every_version().without_stream().start().await;
    let mut stream = Stream::of_table(&app.table);
    let (admin, other, ada) = (app.admin().await, app.admin().await, app.customer("ada").await);
    create(&admin, "TEE", 6, 5).await;
    let project = async |stream: &mut Stream| {
        assert_eq!(app.project_changes(stream).await, [""; 0]);
    };
    let mut address = Vec::new();
    for admin in [&admin, &other] {
        let me = admin.get("/users/me").await.expect(200);
        address.push(me["email"].as_str().expect("an address").to_owned());
    }
    let mails = || {
        let of = |address: &String| {
            let mails = app.mailbox.to(address).into_iter();
            mails.filter(|mail| mail.subject.contains("Low stock")).count()
        };
        address.iter().map(of).collect::<Vec<_>>()
    };
    for _ in 0..3 {
        order(&ada, "TEE", 1).await.expect(201);
        project(&mut stream).await;
    }
    app.deliver_mail().await;
    app.deliver_mail().await;
    assert_eq!(mails(), [1, 1], "one for three sales");
    let mail = app.mailbox.to(&address[0]).pop().expect("a mail");
    assert_eq!(mail.subject, "Low stock at Bodega: TEE");
    assert!(mail.text.contains("The TEE, SKU TEE, fell to 5 in stock."), "{}", mail.text);
    assert!(mail.text.contains("the threshold, which is 5, or below"), "{}", mail.text);

    adjust(&admin, "TEE", 10).await.expect(201);
    project(&mut stream).await;
    adjust(&admin, "TEE", -9).await.expect(201);
    project(&mut stream).await;
    app.deliver_mail().await;
    app.deliver_mail().await;
    assert_eq!(mails(), [2, 2], "one for the next crossing");
    order(&ada, "TEE", 4).await.expect(201);
    project(&mut stream).await;
    app.deliver_mail().await;
    assert_eq!(mails(), [2, 2]);
    assert_eq!(check_ledgers(&app).await, 7);
}

#[tokio::test]
async fn records_that_come_again_late_shuffled_and_in_pieces_end_in_the_same_books() {
    let random = Random::seeded();
    let app = App::builder().with_every_version().without_stream().start().await;
    let mut stream = Stream::of_table(&app.table);
    let (admin, ada) = (app.admin().await, app.customer("ada").await);
    for sku in ["A", "B", "C"] {
        create(&admin, sku, 8, 4).await;
    }
    let bob = app.customer("bob").await;
    let mut orders = Vec::new();
    for sku in ["A", "B", "C"] {
        orders.push(order(&ada, sku, 1).await.expect(201));
    }
    for sku in ["A", "B", "A"] {
        order(&bob, sku, 1).await.expect(201);
    }
    ada.delete(&format!("/orders/{}", id(&orders[0]))).await.expect(200);
    adjust(&admin, "B", -3).await.expect(201);
    adjust(&admin, "C", -6).await.expect(201);
    adjust(&admin, "C", 9).await.expect(201);
    order(&ada, "A", 2).await.expect(201);
    let records = app.records(&mut stream).await;

    let mut first = None;
    for round in 0..4 {
        // Every record, many of them twice, in any order and in batches of any size.
        let mut sent: Vec<_> = records.iter().chain(&records).cloned().collect();
        for last in (1..sent.len()).rev() {
            sent.swap(last, random.below(last as u64 + 1) as usize);
        }
        while !sent.is_empty() {
            let batch = sent.split_off(sent.len() - 1 - random.below(sent.len() as u64) as usize);
            app.run_job("project-changes", json!({"Records": batch})).await.expect("it runs");
        }
        let entries = check_ledgers(&app).await;
        app.advance(Duration::from_secs(2));
        let low = admin.get("/inventory?low_stock=true").await.expect(200);
        let low: Vec<_> =
            low["data"].as_array().expect("a list").iter().map(|it| it["sku"].clone()).collect();
        let state = (entries, low, alerts(&app).await);
        assert_eq!(*first.get_or_insert_with(|| state.clone()), state, "round {round}, {random:?}");
    }
    let (entries, low, alerts) = first.expect("a state");
    assert_eq!(entries, 3 + 6 + 1 + 3 + 1);
    assert_eq!(low, ["A", "B"]);
    let told = |sku: &str, left: &str| (sku.to_owned(), left.to_owned());
    assert_eq!(alerts, [told("A", "4"), told("B", "3"), told("C", "1")]);
}

/// Runs random operations of admins and customers at once, also on a bad day of the database, and
/// checks the books after each round.
#[tokio::test]
async fn the_ledger_agrees_with_stock_and_orders_whatever_happens() {
    let random = Random::seeded();
    let app = App::builder()
        .faults(tests::gate::Faults::mixed(Random::seeded_by(random.below(u64::MAX))))
        .with_every_version()
        .start()
        .await;
    let mut stream = Stream::of_table(&app.table);
    let admin = app.admin().await;
    let ada = app.customer("ada").await;
    let mut products = Vec::new();
    for sku in ["A", "B"] {
        products.push(tests::answer::persist(|| {
            let variants = json!([{"sku": sku, "stock": 20}]);
            let body = json!({"name": sku, "price": usd(500), "low_stock_threshold": 5, "variants": variants});
            let admin = &admin;
            async move { admin.post("/products", body).await }
        }).await);
    }
    for _ in 0..4 {
        let operations = (0..12).map(|_| {
            let (sku, units) = (["A", "B"][random.below(2) as usize], 1 + random.below(3));
            let (what, admin, ada) = (random.below(6), &admin, &ada);
            async move {
                // A failed request is one of the things that happen.
                drop(match what {
                    0 | 1 => order(ada, sku, units).await,
                    2 => {
                        let orders = ada.get("/orders?status=pending_payment").await;
                        match orders.body["data"].get(0) {
                            Some(order) => ada.delete(&format!("/orders/{}", id(order))).await,
                            None => orders,
                        }
                    }
                    3 => adjust(admin, sku, units as i64).await,
                    4 => adjust(admin, sku, -(units as i64)).await,
                    _ => {
                        let set =
                            admin.call("PUT", &format!("/inventory/{sku}")).header("if-match", "*");
                        set.json(&json!({"available": 10 + units})).send().await
                    }
                });
            }
        });
        join_all(operations).await;
        let records = app.records(&mut stream).await;
        for batch in records.chunks(10) {
            // As the stream does, until it succeeds.
            while app.run_job("project-changes", json!({"Records": batch})).await.is_none() {}
        }
        check_ledgers(&app).await;
        check_orders(&app).await;
    }
}

/// Checks that for each variant, what its orders took and did not return is what its ledger says.
pub async fn check_orders(app: &App) {
    let items = app.items().await;
    let mut out: BTreeMap<String, i64> = BTreeMap::new();
    for order in items.iter().filter(|item| text_of(item, "type") == "order") {
        for line in order["lines"].as_l().expect("lines") {
            let line = line.as_m().expect("a line");
            let restocked =
                line.get("restocked_quantity").map_or(0, |_| number(line, "restocked_quantity"));
            let key = format!("{}#{}", text_of(line, "product_id"), text_of(line, "sku"));
            *out.entry(key).or_default() += number(line, "quantity") - restocked;
        }
    }
    let mut sold: BTreeMap<String, i64> = BTreeMap::new();
    for item in items.iter().filter(|item| text_of(item, "type") == "movement") {
        if ["sale", "cancellation", "expiry"].contains(&&*text_of(item, "reason")) {
            let key = text_of(item, "pk").replace("LEDGER#", "");
            *sold.entry(key).or_default() -= number(item, "delta");
        }
    }
    sold.retain(|_, units| *units != 0);
    out.retain(|_, units| *units != 0);
    assert_eq!(sold, out);
}

#[tokio::test]
async fn a_rebuild_repairs_the_lists_of_stock() {
    let app = App::builder().without_stream().start().await;
    let admin = app.admin().await;
    let tee = create(&admin, "TEE", 3, 5).await;
    create(&admin, "MUG", 30, 5).await;
    let gone = create(&admin, "CUP", 3, 5).await;
    // As an older version has stored it, and as a change by hand may leave it.
    for (sku, change) in [("TEE", "REMOVE sku_shard"), ("MUG", "SET low_stock_shard = sku_shard")] {
        let update = app.client.update_item().table_name(&app.table);
        let update = update.key("pk", AttributeValue::S(format!("SKU#{sku}")));
        let update = update.key("sk", AttributeValue::S("SKU".to_owned()));
        update.update_expression(change).send().await.expect("an update");
    }
    admin.delete(&path_of(&gone)).await.expect(204);
    app.advance(Duration::from_secs(2));
    let listed = async |query: &str| {
        let page = admin.get(&format!("/inventory{query}")).await.expect(200);
        let skus = page["data"].as_array().expect("a list").iter();
        skus.map(|it| it["sku"].as_str().expect("a SKU").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (listed("").await, listed("?low_stock=true").await),
        (vec!["MUG".to_owned()], vec![])
    );

    let none = (BTreeSet::new(), BTreeSet::new());
    rebuild::rebuild(app.unrestricted, &none.0, &none.1, |_| {}).await.expect("a rebuild");

    app.advance(Duration::from_secs(2));
    assert_eq!(listed("").await, ["MUG", "TEE"]);
    assert_eq!(listed("?low_stock=true").await, ["TEE"]);
    assert_eq!(admin.get("/inventory/TEE").await.expect(200)["product_id"], tee["id"]);
    let marked = app.contents().await;
    let mug = &marked["SKU#MUG SKU"];
    assert!(!mug.contains_key("low_stock_shard") && mug.contains_key("sku_shard"));
}

/// Marks a SKU as a run of `project-changes` does that has read the stock a moment ago.
async fn mark(app: &App, stock: &Inventory) -> Option<NotMarked> {
    let ctx = app.context("project-changes");
    let marked = ctx.store.inventory().mark(stock, ctx.now()).await.expect("an outcome");
    marked.first().err()
}

#[tokio::test]
async fn a_mark_that_was_decided_on_other_stock_or_another_products_is_not_written() {
    let app = App::start().await;
    let admin = app.admin().await;
    let tee = create(&admin, "TEE", 3, 5).await;
    let sku = "TEE".parse().expect("a SKU");
    let read = async || app.unrestricted.store.inventory().get(&sku).await.expect("stock");
    let (low, product) = (read().await, path_of(&tee));
    assert_eq!(mark(&app, &low).await, None);
    for (change, back) in [(3, -3), (10, -10)] {
        adjust(&admin, "TEE", change).await.expect(201);
        assert_eq!(mark(&app, &low).await, Some(NotMarked::ChangedMeanwhile), "{change}");
        let high = read().await;
        assert_eq!(mark(&app, &high).await, None);
        adjust(&admin, "TEE", -1).await.expect(201);
        let is_still_high = change > 3;
        let stale = (!is_still_high).then_some(NotMarked::ChangedMeanwhile);
        assert_eq!(mark(&app, &high).await, stale, "a sale that crosses nothing is no reason");
        adjust(&admin, "TEE", back + 1).await.expect(201);
    }
    let low = read().await;
    admin
        .put(&product, json!({"name": "Tee", "price": usd(500), "variants": [{"sku": "TEE"}]}))
        .await
        .expect(200);
    assert_eq!(mark(&app, &low).await, Some(NotMarked::ChangedMeanwhile), "no threshold any more");
    let other = json!({"name": "Tee", "price": usd(500), "variants": [{"sku": "OTHER"}]});
    admin.put(&product, other).await.expect(200);
    let withdrawn = read().await;
    create(&admin, "TEE", 50, 5).await;
    assert_eq!(mark(&app, &withdrawn).await, Some(NotMarked::OtherHolder));
}
