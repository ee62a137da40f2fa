//! The catalogue's segments: lists stay the same whether they come from the log or from segments,
//! whoever compacts, at once, late, or not to the end.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join;
use serde_json::{Value, json};
use shared::Ctx;
use shared::auth::issuer::Issuer;
use shared::catalogue::log::ListedProduct;
use shared::catalogue::manifest::Manifest;
use shared::catalogue::query::{Filters, Sort};
use shared::catalogue::segment::{SegmentBuilder, StoredSegment};
use shared::catalogue::words::Analyzer;
use shared::config::Config;
use shared::context::Clock;
use shared::domain::ids::ProductId;
use shared::domain::invalid::Invalid;
use shared::domain::money::Currency;
use shared::domain::page::Paging;
use shared::domain::product::ProductDraft;
use shared::domain::search_language::SearchLanguage;
use shared::domain::time::Timestamp;
use shared::services::compaction;
use shared::services::{catalogue, product_lists};
use shared::store::Read;
use shared::store::catalogue_segments::Overtaken;
use shared::store::keys::{self, Key};
use tests::app::App;
use tests::gate::Faults;
use tests::persona::Persona;
use tests::samples::{create_product, id, random_words, usd};
use tests::stream::Stream;

/// Longer than the lease of a compaction.
pub(super) const AFTER_LEASE: Duration = Duration::from_secs(7 * 60);

pub(super) const HOUR: Duration = Duration::from_secs(60 * 60);

/// A product whose words take so much of the log, also when it is compressed, that a few make a
/// compaction due.
fn long(name: &str, number: u32) -> Value {
    let words = format!("word7x{number} {}", random_words(number.into(), 700));
    json!({"name": name, "price": usd(100 + i64::from(number)), "description": words, "stock": 1})
}

pub(super) async fn create_long(admin: &Persona<'_>, count: u32) -> Vec<String> {
    let mut paths = Vec::new();
    for number in 0..count {
        let product = create_product(admin, long(&format!("Product {number}"), number)).await;
        paths.push(format!("/products/{}", id(&product)));
    }
    paths
}

/// Returns what several lists and the facets show.
pub(super) async fn lists(app: &App) -> Vec<Value> {
    let mut all = Vec::new();
    for path in [
        "/products?limit=100",
        "/products?q=word7x3&limit=100",
        "/products?q=product&sort=name&limit=100",
        "/products?sort=price&min_price=102&limit=100",
        "/products/facets?in_stock=true",
    ] {
        all.push(app.anonymous().get(path).await.expect(200));
    }
    all
}

async fn compact(app: &App) {
    app.run_job("compact-catalogue", json!({})).await.expect("it runs");
}

pub(super) async fn manifest(app: &App) -> Manifest {
    app.unrestricted.store.catalogue_segments().manifest().await.expect("a manifest")
}

/// Makes the functions that have the catalogue in memory load it again.
pub(super) async fn forget(app: &App) {
    for function in ["list-products", "list-facets"] {
        *app.context(function).catalogue.lock().await = None;
    }
}

/// Returns the numbers of the log's entries.
pub(super) async fn numbers(app: &App) -> Vec<u64> {
    let log = app.unrestricted.store.catalogue_log();
    let entries = log.after(0, Read::Consistent).await.expect("entries");
    entries.into_iter().map(|entry| entry.number).collect()
}

#[tokio::test]
async fn lists_are_the_same_from_the_log_from_segments_and_from_both() {
    let app = App::start().await;
    let admin = app.admin().await;
    let paths = create_long(&admin, 12).await;
    let from_log = lists(&app).await;
    assert_eq!(manifest(&app).await.generation, 0);

    compact(&app).await;
    let compacted = manifest(&app).await;
    assert_eq!((compacted.generation, compacted.leased_until), (1, None));
    assert!(compacted.segments >= 1 && compacted.bytes > 50_000, "{compacted:?}");
    assert_eq!(lists(&app).await, from_log, "what is in memory still follows the log");
    forget(&app).await;
    assert_eq!(lists(&app).await, from_log, "from segments");

    admin.delete(&paths[3]).await.expect(204);
    admin.put(&paths[4], json!({"name": "Another", "price": usd(9)})).await.expect(200);
    let changed = lists(&app).await;
    assert_ne!(changed, from_log);
    forget(&app).await;
    assert_eq!(lists(&app).await, changed, "from segments and the log");
}

#[tokio::test]
async fn nothing_is_compacted_before_the_log_is_long() {
    let app = App::start().await;
    create_long(&app.admin().await, 2).await;
    lists(&app).await;
    compact(&app).await;
    assert_eq!(manifest(&app).await, Manifest::default());
    app.take_count("compact-catalogue");
    compact(&app).await;
    let count = app.take_count("compact-catalogue");
    assert_eq!(count.requests, 2, "the manifest, and the log after what the run before read");
}

#[tokio::test]
async fn entries_that_segments_hold_are_deleted_after_an_hour_but_for_the_last() {
    let app = App::start().await;
    let admin = app.admin().await;
    create_long(&admin, 12).await;
    let before = lists(&app).await;
    // An instance that reads nothing for more than an hour.
    catalogue::load(app.unrestricted).await.expect("loads");
    compact(&app).await;
    let all = numbers(&app).await;

    app.advance(HOUR - Duration::from_secs(1));
    compact(&app).await;
    assert_eq!(numbers(&app).await, all);
    app.advance(Duration::from_secs(1));
    compact(&app).await;
    assert_eq!(numbers(&app).await, all[all.len() - 1..], "the last one tells the log's number");
    assert_eq!(manifest(&app).await.deleted, all.len() as u64 - 1);

    forget(&app).await;
    assert_eq!(lists(&app).await, before);
    create_product(&app.admin().await, json!({"name": "New", "price": usd(1)})).await;
    let after = lists(&app).await;
    assert_eq!(numbers(&app).await.last(), Some(&(all.len() as u64 + 1)));
    let facets = product_lists::facets(app.unrestricted, &Filters::default()).await.expect("some");
    assert_eq!(facets.total, 13, "the instance that lagged behind has loaded the segments");
    assert_eq!(after[0]["data"][0]["name"], "New");
}

#[tokio::test]
async fn an_instance_that_lacks_deleted_entries_loads_the_segments() {
    let app = App::start().await;
    let admin = app.admin().await;
    create_long(&admin, 3).await;
    lists(&app).await;
    catalogue::load(app.unrestricted).await.expect("loads");
    create_long(&admin, 12).await;
    let shown = lists(&app).await;
    compact(&app).await;
    app.advance(HOUR);
    compact(&app).await;
    let facets = product_lists::facets(app.unrestricted, &Filters::default()).await.expect("some");
    assert_eq!(u64::from(facets.total), shown[0]["data"].as_array().map_or(0, Vec::len) as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_compactions_at_once_one_writes() {
    let app = App::start().await;
    create_long(&app.admin().await, 12).await;
    let before = lists(&app).await;
    let Ctx { config, store, .. } = app.context("compact-catalogue");
    let run = || Ctx::with(config.clone(), store.clone(), Issuer::default(), Clock::System);
    let (one, other) = (run(), run());
    app.race_updates(2);
    let both = join(compaction::compact(&one), compaction::compact(&other)).await;
    let wrote = [both.0, both.1].map(|compacted| compacted.expect("it runs").segments.is_some());
    assert!(wrote[0] != wrote[1], "{wrote:?}");
    let manifest = manifest(&app).await;
    assert_eq!((manifest.generation, manifest.claim), (1, 1));
    forget(&app).await;
    assert_eq!(lists(&app).await, before);
}

#[tokio::test]
async fn a_compaction_waits_until_the_lease_of_one_that_ended_early_is_over() {
    let app = App::start().await;
    create_long(&app.admin().await, 12).await;
    let before = lists(&app).await;
    let store = app.unrestricted.store.catalogue_segments();
    let segment = || a_segment_of_nothing_that_exists();
    // A run that ends after each of its writes in turn: the claim, and segments.
    for written in 0..3 {
        let seen = manifest(&app).await;
        let now = app.unrestricted.now();
        let claim = store.claim(&seen, Manifest::lease(now)).await.expect("claims").expect("it");
        let next = seen.next(claim, 1, app.unrestricted.config.search_language, now);
        for index in 0..written {
            store.put(&next, index, &segment()).await.expect("puts").expect("it");
        }
        let generation = seen.generation;
        compact(&app).await;
        assert_eq!(manifest(&app).await.generation, generation, "the lease holds");
        forget(&app).await;
        assert_eq!(lists(&app).await, before, "after {written} segments");
        app.advance(AFTER_LEASE);
        if written == 2 {
            compact(&app).await;
            assert_eq!(manifest(&app).await.generation, generation + 1);
            forget(&app).await;
            assert_eq!(lists(&app).await, before);
        }
    }
}

#[tokio::test]
async fn a_compaction_that_wakes_up_an_hour_later_changes_nothing_that_is_read() {
    let app = App::start().await;
    create_long(&app.admin().await, 12).await;
    lists(&app).await;
    let store = app.unrestricted.store.catalogue_segments();
    for others in 1..=3 {
        // It claims, and sleeps before its first segment.
        let seen = manifest(&app).await;
        let now = app.unrestricted.now();
        let claim = store.claim(&seen, Manifest::lease(now)).await.expect("claims").expect("it");
        let mut next = seen.next(claim, 1, app.unrestricted.config.search_language, now);
        next.segments = 2;
        app.advance(HOUR);
        // Meanwhile others compact, so that its set of segments is or is not the one that is read.
        for _ in 0..others {
            create_long(&app.admin().await, 12).await;
            lists(&app).await;
            compact(&app).await;
        }
        let before = lists(&app).await;
        let published = manifest(&app).await;
        assert_eq!(published.generation, seen.generation + others);

        for index in 0..next.segments {
            let segment = a_segment_of_nothing_that_exists();
            let written = store.put(&next, index, &segment).await.expect("answers");
            let is_read = next.slot == published.slot && index < published.segments;
            assert!(!is_read || written == Err(Overtaken), "{others}: segment {index}");
        }
        assert_eq!(store.publish(&next).await.expect("answers"), Err(Overtaken));
        assert_eq!(manifest(&app).await, published);
        forget(&app).await;
        assert_eq!(lists(&app).await, before, "{others}");
    }
}

#[tokio::test]
async fn another_language_is_compacted_at_once() {
    let app = App::start().await;
    create_long(&app.admin().await, 12).await;
    lists(&app).await;
    compact(&app).await;
    let before = manifest(&app).await;
    let off = SearchLanguage::OFF;
    let Ctx { config, store, .. } = app.unrestricted;
    let config = Config { search_language: off, ..config.clone() };
    let other = Ctx::with(config, store.clone(), Issuer::default(), Clock::System);
    let compacted = compaction::compact(&other).await.expect("it runs");
    assert_eq!(compacted.segments, Some(before.segments));
    assert_eq!(manifest(&app).await.language, Some(off));
}

/// Returns a segment as a compaction of another catalogue would write it.
fn a_segment_of_nothing_that_exists() -> StoredSegment {
    let at = Timestamp::from_unix_millis(1);
    let body = json!({"name": "Ghost", "price": usd(1)});
    let draft = deserr::deserialize::<ProductDraft, _, Invalid>(body).expect("a draft");
    let currency = Currency::parse("USD".to_owned()).expect("a currency");
    let product = draft.create(ProductId::new(at), currency, at).expect("a product");
    let mut builder = SegmentBuilder::default();
    builder.add(&ListedProduct::of(&product, &Analyzer::new(SearchLanguage::ENGLISH)));
    let segment = builder.finish().expect("segments").pop().expect("one");
    StoredSegment::all_of(segment).expect("segments").pop().expect("one")
}

#[tokio::test]
async fn each_product_is_listed_once_after_each_of_several_compactions() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mut all = BTreeSet::new();
    for round in 0..3 {
        for path in create_long(&admin, 12).await {
            all.insert(path);
        }
        lists(&app).await;
        compact(&app).await;
        assert_eq!(manifest(&app).await.generation, round + 1);
        forget(&app).await;
        let list = app.anonymous().get("/products?limit=100").await.expect(200);
        let listed = list["data"].as_array().expect("data").iter();
        let listed: Vec<_> = listed.map(|card| format!("/products/{}", id(card))).collect();
        assert_eq!(listed.len(), all.len());
        assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), all);
    }
}

/// Returns another instance of a function, which reads the log again only where it must.
fn instance(of: &Ctx) -> Ctx {
    let Ctx { config, store, .. } = of;
    let config = Config { catalogue_max_age: HOUR, ..config.clone() };
    Ctx::with(config, store.clone(), Issuer::default(), Clock::System)
}

async fn page(instance: &Ctx, cursor: Option<&str>) -> (Vec<String>, Option<String>) {
    let paging = Paging { cursor: cursor.map(str::to_owned), ..Paging::default() };
    let page = product_lists::page(instance, &Filters::default(), Sort::NEWEST, &paging).await;
    let page = page.expect("a page");
    let names = page.items.iter().map(|card| card.name.as_str().to_owned()).collect();
    (names, page.next.map(|cursor| cursor.as_str().to_owned()))
}

#[tokio::test]
async fn an_instance_that_is_behind_a_cursor_reads_the_log_first() {
    let app = App::start().await;
    let admin = app.admin().await;
    for number in 0..25 {
        create_product(&admin, json!({"name": format!("{number}"), "price": usd(1)})).await;
        app.advance(Duration::from_secs(1));
    }
    lists(&app).await;
    let [behind, ahead, new] = [(); 3].map(|()| instance(app.unrestricted));
    assert_eq!(page(&behind, None).await.0.len(), 20);
    for number in 25..30 {
        create_product(&admin, json!({"name": format!("{number}"), "price": usd(1)})).await;
        app.advance(Duration::from_secs(1));
    }
    lists(&app).await;

    let (first, cursor) = page(&ahead, None).await;
    let cursor = cursor.expect("a second page");
    for other in [&behind, &new] {
        let (second, _) = page(other, Some(&cursor)).await;
        let all: BTreeSet<_> = first.iter().chain(&second).cloned().collect();
        assert_eq!((first.len() + second.len(), all.len()), (30, 30));
    }
    let (now, _) = page(&behind, None).await;
    assert_eq!(now, first, "it has read the log, although it is not old yet");
}

#[tokio::test]
async fn a_new_instance_has_what_its_cursor_shows_although_eventual_reads_miss_it() {
    let stale = Faults { stale_reads: true, ..Faults::default() };
    let app = App::builder().faults(stale).start().await;
    let admin = app.admin().await;
    for number in 0..25 {
        create_product(&admin, json!({"name": format!("{number}"), "price": usd(1)})).await;
    }
    app.project_changes(&mut Stream::default()).await;
    let (first, cursor) = page(&instance(app.unrestricted), None).await;
    let cursor = cursor.expect("a second page");

    let new = instance(app.context("compact-catalogue"));
    let (second, _) = page(&new, Some(&cursor)).await;
    assert_eq!((first.len(), second.len()), (20, 5));
}

#[tokio::test]
async fn a_run_that_is_late_does_not_say_that_fewer_entries_are_deleted() {
    let app = App::start().await;
    let store = app.unrestricted.store.catalogue_segments();
    for number in [5, 3, 7] {
        store.set_deleted(number).await.expect("an update");
    }
    assert_eq!(manifest(&app).await.deleted, 7);
    store.set_deleted(4).await.expect("an update");
    assert_eq!(manifest(&app).await.deleted, 7);
}

#[tokio::test]
async fn a_segment_that_a_compaction_without_an_end_wrote_is_read_as_none() {
    let app = App::start().await;
    create_long(&app.admin().await, 12).await;
    lists(&app).await;
    let store = app.unrestricted.store.catalogue_segments();
    let seen = manifest(&app).await;
    let now = app.unrestricted.now();
    let claim = store.claim(&seen, Manifest::lease(now)).await.expect("claims").expect("it");
    let ended = seen.next(claim, 1, app.unrestricted.config.search_language, now);
    store.put(&ended, 0, &a_segment_of_nothing_that_exists()).await.expect("puts").expect("it");
    app.advance(AFTER_LEASE);
    // The next one has the same generation and set of segments, and a claim of its own.
    compact(&app).await;
    let published = manifest(&app).await;
    assert_eq!((published.generation, published.slot), (ended.generation, ended.slot));
    assert!(store.get(&published, 0, Read::Consistent).await.expect("reads").is_some());
    store.put(&published, 0, &a_segment_of_nothing_that_exists()).await.expect("puts").expect("it");
    let of_the_first = Manifest { written_by: claim, ..published };
    assert!(store.get(&of_the_first, 0, Read::Consistent).await.expect("reads").is_none());
}

#[tokio::test]
async fn a_damaged_segment_is_an_error_and_shows_nothing() {
    let app = App::start().await;
    create_long(&app.admin().await, 12).await;
    lists(&app).await;
    compact(&app).await;
    let manifest = manifest(&app).await;
    let Key { pk, sk } = keys::catalogue_segment(manifest.slot, 0);
    let item = app.items().await.into_iter().find(|item| item["pk"].as_s() == Ok(&pk));
    let mut data = item.expect("a segment")["data"].as_b().expect("bytes").clone().into_inner();
    let last = data.len() - 1;
    data[last] ^= 1;
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key("pk", AttributeValue::S(pk)).key("sk", AttributeValue::S(sk));
    let update = update.update_expression("SET #data = :data");
    let update = update.expression_attribute_names("#data", "data");
    let data = AttributeValue::B(Blob::new(data));
    update.expression_attribute_values(":data", data).send().await.expect("an update");

    forget(&app).await;
    app.anonymous().get("/products").await.expect_problem(500, "internal");
}

#[tokio::test]
async fn a_catalogue_that_can_be_used_is_kept_while_newer_segments_can_not_be_read() {
    let faults = Faults { throttled_prefix: Some("CATALOGUE#SEGMENT#"), ..Faults::default() };
    let app = App::builder().faults(faults).start().await;
    let admin = app.admin().await;
    let mut stream = Stream::default();
    for count in [3, 15] {
        create_long(&admin, count).await;
        app.project_changes(&mut stream).await;
        app.anonymous().get("/products").await.expect(200);
        compaction::compact(app.unrestricted).await.expect("it runs");
    }
    assert_eq!(manifest(&app).await.generation, 1);
    create_long(&admin, 12).await;
    app.project_changes(&mut stream).await;

    let list = app.anonymous().get("/products?limit=100").await.expect(200);
    assert_eq!(list["data"].as_array().map(Vec::len), Some(30));
    // A new instance has nothing that it could show.
    forget(&app).await;
    app.anonymous().get("/products").await.expect_problem(503, "service_unavailable");
}

#[tokio::test]
async fn an_instance_of_another_language_takes_over_the_stems_of_the_next_compaction() {
    let app = App::start().await;
    let body = json!({"name": "Cotton Mugs", "price": usd(1)});
    create_product(&app.admin().await, body).await;
    let found = async |language: SearchLanguage, instance: &Ctx| {
        let filters = Filters { search: Some("mug cotton".to_owned()), ..Filters::default() };
        let facets = product_lists::facets(instance, &filters).await.expect("facets");
        assert_eq!(instance.config.search_language, language);
        facets.total
    };
    create_long(&app.admin().await, 12).await;
    lists(&app).await;
    compact(&app).await;
    let Ctx { config, store, .. } = app.unrestricted;
    let of = |search_language| {
        let config = Config { search_language, ..config.clone() };
        Ctx::with(config, store.clone(), Issuer::default(), Clock::System)
    };
    let (lists, job) = (of(SearchLanguage::OFF), of(SearchLanguage::OFF));
    assert_eq!(found(SearchLanguage::OFF, &lists).await, 1, "with the stems of before");
    compaction::compact(&job).await.expect("it runs");
    assert_eq!(found(SearchLanguage::OFF, &lists).await, 0, "no stems any more");
}
