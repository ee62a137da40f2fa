//! The catalogue while its compaction crashes, or while its segments can't be read.

use std::collections::BTreeSet;

use futures_util::future::join;
use serde_json::{Value, json};
use shared::catalogue::log::{Changes, Entry, ProductChange};
use shared::domain::money::Money;
use shared::services::{compaction, rebuild};
use shared::store::Read;
use tests::app::App;
use tests::samples::create_product;

use super::compaction::{AFTER_LEASE, HOUR, create_long, forget, lists, manifest, numbers};

const JOB: &str = "compact-catalogue";

/// Runs the compaction as a new instance of its function.
async fn compact(app: &App) -> compaction::Compacted {
    let ctx = app.context(JOB);
    *ctx.catalogue.lock().await = None;
    compaction::compact(ctx).await.expect("it runs")
}

/// Runs the compaction until it has written so often. Returns whether it ended before.
async fn crash_after(app: &App, writes: usize) -> bool {
    app.crash_after(JOB, writes, compact(app)).await.is_some()
}

/// Makes a compaction due, and with it the deletion of all entries that the one before took in.
async fn make_due(app: &App) {
    let (products, categories) = (BTreeSet::new(), BTreeSet::new());
    rebuild::rebuild(app.unrestricted, &products, &categories, |_| {}).await.expect("a rebuild");
    app.advance(HOUR);
}

/// Checks what instances show that read everything anew, and ones that follow the log.
async fn check(app: &App, expected: &[Value], when: &str) {
    assert_eq!(lists(app).await, expected, "{when}, in memory");
    forget(app).await;
    assert_eq!(lists(app).await, expected, "{when}, loaded");
}

/// Checks that the log begins after the entry that the manifest names as the last deleted one.
async fn check_log(app: &App, when: &str) {
    let (manifest, numbers) = (manifest(app).await, numbers(app).await);
    assert_eq!(numbers.first(), Some(&(manifest.deleted + 1)), "{when}");
    let last = numbers.last().copied().unwrap_or_default();
    assert!(numbers.iter().copied().eq(manifest.deleted + 1..=last), "{when}: {numbers:?}");
}

#[tokio::test]
async fn a_crash_between_any_two_writes_of_a_compaction_is_not_seen_and_the_next_one_completes() {
    let app = App::start().await;
    let paths = create_long(&app.admin().await, 12).await;
    let expected = lists(&app).await;
    assert_eq!(expected[0]["data"].as_array().map(Vec::len), Some(paths.len()));
    compact(&app).await;
    let mut crashes = 0;
    for writes in 0.. {
        make_due(&app).await;
        let before = manifest(&app).await;
        let when = format!("a crash after {writes} writes");

        let has_ended = crash_after(&app, writes).await;

        check(&app, &expected, &when).await;
        app.advance(AFTER_LEASE);
        compact(&app).await;
        let after = manifest(&app).await;
        assert_eq!(after.generation, before.generation + 1, "{when}");
        assert_eq!(after.deleted, before.through, "{when}");
        check(&app, &expected, &format!("the run after {when}")).await;
        check_log(&app, &when).await;
        if has_ended {
            break;
        }
        crashes += 1;
    }
    // The claim, a segment, the manifest, an entry, and what is deleted.
    assert!(crashes >= 5, "{crashes}");
}

/// Runs another compaction, at once or when the manifest has a newer claim than `seen`.
async fn compact_as_well(app: &App, seen: Option<u64>) {
    while seen.is_some() && seen == Some(manifest(app).await.claim) {
        tokio::task::yield_now().await;
    }
    *app.unrestricted.catalogue.lock().await = None;
    compaction::compact(app.unrestricted).await.expect("it runs");
}

#[tokio::test]
async fn a_crash_of_one_of_two_compactions_at_once_is_not_seen() {
    let app = App::start().await;
    create_long(&app.admin().await, 12).await;
    let expected = lists(&app).await;
    compact(&app).await;
    // The other one begins at the same time, or while the first one writes.
    for (begins_later, writes) in [(false, 0), (false, 1), (false, 2), (false, 4)]
        .into_iter()
        .chain((1..8).map(|writes| (true, writes)))
    {
        make_due(&app).await;
        let before = manifest(&app).await;
        let when = format!("a crash after {writes} writes, another later: {begins_later}");

        let other = compact_as_well(&app, begins_later.then_some(before.claim));
        join(crash_after(&app, writes), other).await;

        check(&app, &expected, &when).await;
        app.advance(AFTER_LEASE);
        compact(&app).await;
        assert_eq!(manifest(&app).await.generation, before.generation + 1, "{when}");
        check(&app, &expected, &format!("the run after {when}")).await;
        check_log(&app, &when).await;
    }
}

#[tokio::test]
async fn a_panic_while_an_entry_is_applied_leaves_no_half_of_it() {
    let app = App::start().await;
    let admin = app.admin().await;
    create_product(&admin, json!({"name": "Mug", "price": {"amount": 100, "currency": "USD"}}))
        .await;
    create_long(&admin, 3).await;
    let expected = lists(&app).await;
    let log = app.unrestricted.store.catalogue_log();
    let entries = log.after(0, Read::Consistent).await.expect("entries");
    let mut products: Vec<_> = entries.into_iter().flat_map(|it| it.changes.products).collect();
    let last = products.last_mut().and_then(|change| change.product.as_mut()).expect("a product");
    // The difference of these prices is not a number of 64 bits.
    let currency = last.card.price.currency();
    last.card.price = Money::new(i64::MIN, currency);
    last.card.max_price = Money::new(i64::MAX, currency);
    let number = log.tail().await.expect("a number") + 1;
    let language = app.unrestricted.config.search_language;
    let entry = |products: Vec<ProductChange>| {
        let changes = Changes { products, ..Changes::default() };
        Entry { number, language, changes }
    };
    let now = app.unrestricted.now();
    let good = products[..1].to_vec();
    log.create(&entry(products), now).await.expect("answers").expect("a new entry");

    for path in ["/products", "/products/facets", "/products"] {
        app.anonymous().get(path).await.expect_problem(500, "internal");
    }

    log.delete(number).await.expect("deleted");
    log.create(&entry(good), now).await.expect("answers").expect("a new entry");
    check(&app, &expected, "after the panic").await;
}

#[tokio::test]
async fn a_start_that_is_throttled_reads_again_or_says_when_to_come_back() {
    let app = App::start().await;
    create_long(&app.admin().await, 12).await;
    let expected = lists(&app).await;
    compact(&app).await;
    for reads in [1, 2, 4, 8] {
        forget(&app).await;
        app.throttle_reads(reads);
        let answer = app.anonymous().get("/products?limit=100").await;
        app.throttle_reads(0);
        assert_eq!(answer.expect(200), expected[0], "{reads} throttled reads");
    }
    forget(&app).await;
    app.throttle_reads(usize::MAX);
    let refused = app.anonymous().get("/products?limit=100").await;
    app.throttle_reads(0);
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    refused.expect_problem(503, "service_unavailable");
    check(&app, &expected, "after the throttling").await;
}
