//! The catalogue's log: whatever happens to the stream and to its readers, replaying the log ends in
//! the state of the table.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join;
use local::pump::{Functions, InvokeError, Mapping, Pump, Table};
use serde_json::{Value, json};
use shared::auth::issuer::Issuer;
use shared::catalogue::log::{Entry, ListedCategory, ListedProduct, MAX_ENTRY};
use shared::catalogue::words::{Analyzer, Field, MAX_WORDS};
use shared::context::{Clock, Ctx};
use shared::domain::error::Error;
use shared::domain::ids::ProductId;
use shared::domain::search_language::SearchLanguage;
use shared::domain::slug::Slug;
use shared::jobs;
use shared::lambda::JobHandler;
use shared::store::{Read, Store, keys};
use tests::app::{App, job_handlers};
use tests::database::template;
use tests::demo::DemoShop;
use tests::persona::Persona;
use tests::random::Random;
use tests::samples::{create_product, create_sku, id, product, usd};
use tests::stream::{Stream, failures};

const BEGINNING: i64 = 1_767_225_600_000;

/// An environment of `project-changes`, with its own memory and clock.
pub(super) struct Writer {
    pub ctx: &'static Ctx,
    clock: Arc<AtomicI64>,
    handler: JobHandler,
}

impl Writer {
    pub fn of(app: &App) -> Self {
        let clock = Arc::new(AtomicI64::new(BEGINNING));
        let config = app.unrestricted.config.clone();
        // Its own connections: a writer that a test suspends must not hold up the others.
        let store = Store::new(&config, None);
        let ctx = Ctx::with(config, store, Issuer::default(), Clock::Manual(clock.clone()));
        Self { ctx: Box::leak(Box::new(ctx)), clock, handler: handler() }
    }

    pub async fn run(&self, records: &[Value]) -> Vec<String> {
        let event = json!({"Records": records});
        let answer = self.handler.respond(self.ctx, jobs::named("project-changes"), event).await;
        failures(&answer.expect("an answer"))
    }

    /// Runs until the future has been polled `polls` times, and then drops it, as a crash does.
    /// Returns whether it ended before.
    async fn crash_after(&self, polls: u64, records: &[Value]) -> bool {
        has_ended_after(polls, &mut Box::pin(self.run(records))).await
    }

    fn sleep(&self, minutes: i64) {
        self.clock.fetch_add(minutes * 60_000, Ordering::Relaxed);
    }
}

/// Runs a future until it has been polled `polls` times. Returns whether it ended before.
pub(crate) async fn has_ended_after(polls: u64, work: &mut (impl Future + Unpin)) -> bool {
    let mut left = polls;
    poll_fn(|cx| match Pin::new(&mut *work).poll(cx) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending if left == 0 => Poll::Ready(false),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

fn handler() -> JobHandler {
    let mut handlers = job_handlers().into_iter();
    handlers.find(|(name, _)| *name == "project-changes").expect("a handler").1
}

/// What the log says after a replay.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Catalogue {
    pub products: BTreeMap<String, ListedProduct>,
    pub categories: BTreeMap<String, ListedCategory>,
}

impl Catalogue {
    pub fn replay(entries: &[Entry]) -> Self {
        let mut catalogue = Self::default();
        for entry in entries {
            for change in entry.changes.products.clone() {
                let id = change.id.to_string();
                match change.product {
                    Some(product) => drop(catalogue.products.insert(id, product)),
                    None => drop(catalogue.products.remove(&id)),
                }
            }
            for change in entry.changes.categories.clone() {
                let slug = change.slug.to_string();
                match change.category {
                    Some(category) => drop(catalogue.categories.insert(slug, category)),
                    None => drop(catalogue.categories.remove(&slug)),
                }
            }
        }
        catalogue
    }

    /// What the products and categories in the table are.
    async fn of_table(store: &Store, items: impl Iterator<Item = (String, String)>) -> Self {
        let analyzer = Analyzer::new(SearchLanguage::ENGLISH);
        let mut catalogue = Self::default();
        let (mut products, mut slugs) = (BTreeSet::<ProductId>::new(), Vec::new());
        for (pk, sk) in items {
            products.extend(keys::product_of(&pk));
            if pk == "CATEGORIES" && sk != keys::category_tree().sk {
                slugs.push(Slug::parse(sk).expect("a slug"));
            }
        }
        for id in products {
            match store.products().get(id, Read::Consistent).await {
                Ok(product) => {
                    let listed = ListedProduct::of(&product, &analyzer);
                    catalogue.products.insert(id.to_string(), listed);
                }
                Err(Error::NotFound) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
        let categories = store.categories().listed(&slugs).await.expect("categories");
        catalogue.categories =
            categories.into_iter().map(|(slug, it)| (slug.to_string(), it)).collect();
        catalogue
    }
}

pub(super) async fn log(app: &App) -> Vec<Entry> {
    let log = app.unrestricted.store.catalogue_log();
    log.after(0, Read::Consistent).await.expect("entries")
}

/// Checks that the log has no gaps, and that its replay ends in the state of the table.
pub(super) async fn check(app: &App) {
    let entries = log(app).await;
    let numbers: Vec<_> = entries.iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, (1..=entries.len() as u64).collect::<Vec<_>>());
    let keys = app.contents().await.into_keys();
    let keys = keys.filter_map(|key| {
        let (pk, sk) = key.split_once(' ')?;
        Some((pk.to_owned(), sk.to_owned()))
    });
    let table = Catalogue::of_table(&app.unrestricted.store, keys).await;
    assert_eq!(Catalogue::replay(&entries), table);
}

async fn set_stock(app: &App, product: &Value, units: u32, track_stock: bool) {
    let update = app.client.update_item().table_name(&app.table);
    let pk = format!("PRODUCT#{}", id(product));
    let sku = product["variants"][0]["sku"].as_str().expect("a SKU");
    let update = update.key("pk", AttributeValue::S(pk));
    let update = update.key("sk", AttributeValue::S(format!("VARIANT#{sku}")));
    let update = update.update_expression("SET available = :units, track_stock = :tracked");
    let units = AttributeValue::N(units.to_string());
    let update = update.expression_attribute_values(":units", units);
    let tracked = AttributeValue::Bool(track_stock);
    update.expression_attribute_values(":tracked", tracked).send().await.expect("an update");
}

pub(super) async fn put_category(app: &App, slug: &str, name: &str, parent: Option<&str>) {
    let put = app.client.put_item().table_name(&app.table);
    let parent = parent.map(|parent| ("parent", parent));
    let members = [("pk", "CATEGORIES"), ("sk", slug), ("type", "category"), ("name", name)];
    let put = members.into_iter().chain(parent).fold(put, |put, (attribute, value)| {
        put.item(attribute, AttributeValue::S(value.to_owned()))
    });
    put.send().await.expect("a category");
}

pub(super) async fn delete_category(app: &App, slug: &str) {
    let delete = app.client.delete_item().table_name(&app.table);
    let delete = delete.key("pk", AttributeValue::S("CATEGORIES".to_owned()));
    delete.key("sk", AttributeValue::S(slug.to_owned())).send().await.expect("deleted");
}

/// Makes a random change of the catalogue.
async fn change(
    app: &App,
    admin: &Persona<'_>,
    products: &mut Vec<Value>,
    round: u64,
    random: &Random,
) {
    let pick = |products: &[Value]| random.below(products.len() as u64) as usize;
    match random.below(8) {
        0 | 1 => {
            products.push(create_product(admin, product(&format!("Mug {round}"), 1800, 3)).await);
        }
        2 if products.len() > 3 => {
            let gone = products.swap_remove(pick(products));
            admin.delete(&format!("/products/{}", id(&gone))).await.expect(204);
        }
        3 if !products.is_empty() => {
            let units = random.below(3) as u32;
            set_stock(app, &products[pick(products)], units, random.percent(60)).await;
        }
        4 => {
            let slug = format!("category-{}", random.below(3));
            put_category(app, &slug, &format!("Category {round}"), Some("all")).await;
        }
        5 => delete_category(app, &format!("category-{}", random.below(3))).await,
        _ if !products.is_empty() => {
            let status = ["active", "draft", "archived"][random.below(3) as usize];
            let body = json!({
                "name": format!("Cup {round}"),
                "price": usd(1000 + round as i64),
                "status": status,
                "tags": ["new"],
            });
            let path = format!("/products/{}", id(&products[pick(products)]));
            admin.put(&path, body).await.expect(200);
        }
        _ => {}
    }
}

/// Returns a batch of records: some of them twice, in any order.
fn batch(pending: &[Value], random: &Random) -> Vec<Value> {
    let size = random.below(pending.len() as u64 + 3);
    (0..size)
        .filter_map(|_| pending.get(random.below(pending.len() as u64) as usize))
        .cloned()
        .collect()
}

#[tokio::test]
async fn replaying_the_log_ends_in_the_state_of_the_table() {
    let random = Random::seeded();
    let app = App::start().await;
    let admin = app.admin().await;
    let writers = [Writer::of(&app), Writer::of(&app), Writer::of(&app)];
    let (mut stream, mut pending, mut products) = (Stream::default(), Vec::new(), Vec::new());
    for round in 0..30 {
        for _ in 0..=random.below(3) {
            change(&app, &admin, &mut products, round, &random).await;
        }
        pending.extend(app.records(&mut stream).await);
        let one = &writers[random.below(3) as usize];
        let other = &writers[random.below(3) as usize];
        let (first, second) = (batch(&pending, &random), batch(&pending, &random));
        match random.below(4) {
            0 => drop(one.crash_after(random.below(12), &first).await),
            1 => drop(one.run(&first).await),
            _ => {
                let changes = change(&app, &admin, &mut products, round + 1000, &random);
                join(join(one.run(&first), other.run(&second)), changes).await;
            }
        }
        if random.percent(20) {
            one.sleep(random.below(90) as i64);
        }
    }
    pending.extend(app.records(&mut stream).await);
    // The stream delivers each record until a run succeeds; the last deliveries are in any order.
    let [one, two, three] = &writers;
    while !pending.is_empty() {
        let (mut last, mut others) = (Vec::new(), batch(&pending, &random));
        others.truncate(20);
        for _ in 0..random.below(10).min(pending.len() as u64 - 1) + 1 {
            last.push(pending.swap_remove(random.below(pending.len() as u64) as usize));
        }
        let crash = three.crash_after(random.below(9), &others);
        join(join(one.run(&last), two.run(&others)), crash).await;
    }
    check(&app).await;
}

/// While a writer is anywhere between its reads and its write, the product changes and another writer
/// writes it: the older state must not come last.
#[tokio::test]
async fn the_later_of_two_entries_has_the_later_state() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Mug", 1800, 3)).await;
    let records = app.records(&mut Stream::default()).await;
    let path = format!("/products/{}", id(&mug));
    let other = Writer::of(&app);
    for polls in 0.. {
        let slow = Writer::of(&app);
        let mut work = Box::pin(slow.run(&records));
        if has_ended_after(polls, &mut work).await {
            assert!(polls > 3, "{polls}");
            break;
        }
        let body =
            json!({"name": "Mug", "price": usd(1000 + i64::try_from(polls).expect("small"))});
        admin.put(&path, body).await.expect(200);
        other.run(&records).await;
        work.await;
        check(&app).await;
    }
}

#[tokio::test]
async fn a_crash_at_any_moment_leaves_a_log_that_the_next_run_completes() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mut stream = Stream::default();
    // Three entries or more.
    for number in 0..16 {
        create_product(&admin, wordy(number)).await;
    }
    let records = app.records(&mut stream).await;
    let mut crashes = 0;
    for polls in 0.. {
        if Writer::of(&app).crash_after(polls, &records).await {
            break;
        }
        crashes += 1;
    }
    assert!(crashes > 6, "{crashes}");
    check(&app).await;
    assert!(log(&app).await.len() > 2);
}

#[tokio::test]
async fn a_batch_is_as_few_entries_as_it_fits_in() {
    let app = App::start().await;
    let admin = app.admin().await;
    let mut stream = Stream::default();
    for number in 0..30 {
        create_sku(&admin, &format!("SKU-{number}"), 1500, 5).await;
    }
    app.project_changes(&mut stream).await;
    assert_eq!(log(&app).await.len(), 1, "30 products in one entry");

    for number in 0..16 {
        create_product(&admin, wordy(number)).await;
    }
    app.project_changes(&mut stream).await;
    check(&app).await;
    let entries = log(&app).await;
    for entry in &entries {
        let products = serde_json::to_string(&entry.changes.products).expect("JSON");
        assert!(products.len() <= MAX_ENTRY, "{}", products.len());
    }
    assert!((3..=6).contains(&entries.len()), "{}", entries.len());
}

#[tokio::test]
async fn the_changes_of_the_first_entries_that_were_ever_written_are_texts() {
    let app = App::start().await;
    put_category(&app, "mugs", "Mugs", None).await;
    create_product(&app.admin().await, product("Mug", 1800, 3)).await;
    app.project_changes(&mut Stream::default()).await;
    let entries = log(&app).await;
    for Entry { number, changes, .. } in &entries {
        let key = keys::catalogue_log_entry(*number);
        let update = app.client.update_item().table_name(&app.table);
        let update = update.key("pk", AttributeValue::S(key.pk));
        let update = update.key("sk", AttributeValue::S(key.sk));
        let [products, categories] = [
            serde_json::to_string(&changes.products).expect("JSON"),
            serde_json::to_string(&changes.categories).expect("JSON"),
        ];
        let update = update
            .update_expression("SET products = :products, categories = :categories REMOVE changes")
            .expression_attribute_values(":products", AttributeValue::S(products))
            .expression_attribute_values(":categories", AttributeValue::S(categories));
        update.send().await.expect("an update");
    }
    assert_eq!(log(&app).await, entries);
    check(&app).await;
}

/// A product with as many different words as a description holds.
fn wordy(number: usize) -> Value {
    let words = (0..1_400).map(|word| format!("w{number}x{word}"));
    let mut description = words.collect::<Vec<_>>().join(" ");
    description.truncate(10_000);
    json!({"name": format!("Wordy {number}"), "price": usd(100), "description": description, "stock": 1})
}

#[tokio::test]
async fn a_writer_that_was_beaten_or_suspended_begins_again() {
    let mut stream = Stream::default();
    let app = App::start().await;
    let admin = app.admin().await;
    let mug = create_product(&admin, product("Mug", 1800, 3)).await;
    let records = app.records(&mut stream).await;
    let (old, other) = (Writer::of(&app), Writer::of(&app));
    old.run(&records).await;
    for price in [1900, 2000, 2100] {
        let path = format!("/products/{}", id(&mug));
        admin.put(&path, json!({"name": "Mug", "price": usd(price)})).await.expect(200);
        other.run(&records).await;
    }
    // It still believes that entry 1 is the last: creating entry 2 fails.
    old.sleep(9);
    assert_eq!(old.ctx.log_tail.get(old.ctx.now()), Some(1));
    old.run(&records).await;
    assert_eq!(log(&app).await.len(), 5);
    check(&app).await;

    // Meanwhile a compaction deletes old entries: creating entry 6 would succeed.
    let suspended = Writer::of(&app);
    suspended.run(&records).await;
    other.run(&records).await;
    other.run(&records).await;
    for number in 1..=7 {
        let keys::Key { pk, sk } = keys::catalogue_log_entry(number);
        let delete = app.client.delete_item().table_name(&app.table);
        let delete = delete.key("pk", AttributeValue::S(pk)).key("sk", AttributeValue::S(sk));
        delete.send().await.expect("deleted");
    }
    suspended.sleep(60);
    assert_eq!(suspended.ctx.log_tail.get(suspended.ctx.now()), None);
    suspended.run(&records).await;
    let numbers: Vec<_> = log(&app).await.iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, [8, 9]);
}

#[tokio::test]
async fn an_unreadable_product_is_retried_and_delays_no_other() {
    let mut stream = Stream::default();
    let app = App::start().await;
    let admin = app.admin().await;
    let (bad, _) =
        (create_sku(&admin, "BAD", 100, 1).await, create_sku(&admin, "GOOD", 100, 1).await);
    let update = app.client.update_item().table_name(&app.table);
    let update = update.key("pk", AttributeValue::S(format!("PRODUCT#{}", id(&bad))));
    let update = update.key("sk", AttributeValue::S("PRODUCT".to_owned()));
    let update = update.update_expression("SET price = :price");
    let price = AttributeValue::S("one dollar".to_owned());
    update.expression_attribute_values(":price", price).send().await.expect("an update");

    let failed = app.project_changes(&mut stream).await;

    assert_eq!(failed.len(), 2, "the records of the product and its variant");
    let [entry] = &*log(&app).await else { panic!("one entry") };
    let names: Vec<_> =
        entry.changes.products.iter().filter_map(|it| it.product.as_ref()).collect();
    assert_eq!(names.len(), 1);
    assert_eq!(names[0].card.name.as_str(), "The GOOD");
}

#[tokio::test]
async fn a_card_shows_what_variants_on_sale_cost_and_words_know_their_fields() {
    let mut stream = Stream::default();
    let app = App::start().await;
    let admin = app.admin().await;
    let body = json!({
        "name": "Stoneware Mugs",
        "brand": "Łódź Pottery",
        "category": "tea-cups",
        "tags": ["Dishwasher safe"],
        "description": "<p>Caf&eacute; mugs &amp; more</p>",
        "images": [{"url": "https://img.example/1.jpg", "alt": "Two mugs"}],
        "price": usd(2000),
        "compare_at_price": usd(2500),
        "variants": [
            {
                "sku": "MUG-S",
                "options": {"size": "S"},
                "price": usd(1500),
                "stock": 0,
                "barcode": "4006381333931",
            },
            {"sku": "MUG-L", "options": {"size": "L"}, "stock": 2},
        ],
    });
    create_product(&admin, body).await;
    app.project_changes(&mut stream).await;
    let [entry] = &*log(&app).await else { panic!("one entry") };
    let listed = entry.changes.products[0].product.as_ref().expect("a product");
    let card = serde_json::to_value(&listed.card).expect("JSON");
    assert_eq!(card["price"], usd(1500));
    assert_eq!(card["max_price"], usd(2000));
    assert_eq!(
        card["compare_at_price"],
        json!(null),
        "the variant's own price is compared with none"
    );
    assert_eq!(card["in_stock"], true);
    assert_eq!(card["sizes"], json!(["S", "L"]));
    assert_eq!(card["image"], "https://img.example/1.jpg");
    let fields = |word: &str| {
        let found = listed.words.iter().find(|it| it.token.word == word);
        found.unwrap_or_else(|| panic!("no word {word}")).fields
    };
    for (word, field) in [
        ("stoneware", Field::Name),
        ("mugs", Field::Name),
        ("mugs", Field::Description),
        ("lodz", Field::Brand),
        ("cups", Field::Category),
        ("dishwasher", Field::Tags),
        ("cafe", Field::Description),
        ("mug", Field::Sku),
        ("4006381333931", Field::Barcode),
    ] {
        assert!(fields(word).contains(field), "{word}, {field:?}");
    }
    assert!(!fields("stoneware").contains(Field::Description));
    assert!(listed.words.iter().all(|it| it.token.word != "amp" && it.token.word != "p"));
}

/// Words as frequent as in natural language: the word of rank r is r times rarer than the first.
#[tokio::test]
async fn a_usual_product_has_less_than_two_kilobytes_in_the_log() {
    let random = Random::seeded();
    let mut stream = Stream::default();
    let app = App::start().await;
    let admin = app.admin().await;
    let word = || {
        let octave = random.below(13);
        let rank = (1_u64 << octave) + random.below(1 << octave);
        let syllables = ["ka", "mer", "lo", "tin", "es", "vor", "du", "ran"];
        let parts = format!("{rank:o}").chars().filter_map(|c| c.to_digit(8)).collect::<Vec<_>>();
        parts.iter().map(|part| syllables[*part as usize]).collect::<String>()
    };
    for number in 0..40 {
        let description = (0..120).map(|_| word()).collect::<Vec<_>>().join(" ");
        let body = json!({
            "name": format!("{} {} {}", word(), word(), word()),
            "brand": word(),
            "tags": [word(), word()],
            "category": "tea-cups",
            "images": [format!("https://images.example/products/{number}/main.jpg")],
            "description": description,
            "price": usd(1999),
            "stock": 5,
        });
        create_product(&admin, body).await;
    }
    app.project_changes(&mut stream).await;
    let entries = log(&app).await;
    // An entry whose response was lost is there twice.
    let products = entries.iter().flat_map(|entry| &entry.changes.products);
    let products: BTreeMap<_, _> = products.map(|it| (it.id, it)).collect();
    let products: Vec<_> = products.into_values().collect();
    let words: usize =
        products.iter().flat_map(|it| &it.product).map(|it| it.words.iter().count()).sum();
    let bytes: usize =
        products.iter().map(|it| serde_json::to_string(it).expect("JSON").len()).sum();
    println!("{} words and {} bytes a product", words / products.len(), bytes / products.len());
    assert_eq!(products.len(), 40);
    assert!(bytes / products.len() < 2_000);
    assert!(
        products.iter().flat_map(|it| &it.product).all(|it| it.words.iter().count() <= MAX_WORDS)
    );
}

/// Runs `project-changes` in the demo shop.
struct Projecting {
    ctx: &'static Ctx,
    handler: JobHandler,
}

impl Functions for Projecting {
    async fn invoke(&self, function: &str, event: Value) -> Result<Value, InvokeError> {
        let response = self.handler.respond(self.ctx, jobs::named("project-changes"), event).await;
        assert_eq!(function, "project-changes");
        response.ok_or_else(|| InvokeError::Failed("it failed".to_owned()))
    }
}

#[tokio::test]
async fn the_local_pump_projects_the_demo_shop_and_then_a_change_within_a_second() {
    let shop = DemoShop::open().await;
    let config = shop.config();
    let ctx: &'static Ctx = Box::leak(Box::new(Ctx::new(config.clone())));
    let mappings = Mapping::all(template()).expect("mappings").into_iter();
    let mappings: Vec<_> = mappings.filter(|it| it.function == "project-changes").collect();
    let table = Table {
        endpoint: config.aws.dynamodb_endpoint.clone().expect("an endpoint"),
        name: config.table.clone(),
        region: config.aws.region.clone(),
        access_key_id: config.aws.access_key_id.clone(),
    };
    let mut pump = Pump::new(table, mappings);
    let projecting = Projecting { ctx, handler: handler() };
    pump.drain(&projecting).await.expect("the records are delivered");
    assert!(pump.failures().all().is_empty());
    let log = ctx.store.catalogue_log();
    let entries = log.after(0, Read::Consistent).await.expect("entries");
    let replayed = Catalogue::replay(&entries);
    let ids = replayed.products.keys().map(|id| (format!("PRODUCT#{id}"), String::new()));
    assert!(replayed.products.len() > 10, "{}", replayed.products.len());
    assert_eq!(Catalogue::of_table(&ctx.store, ids).await.products, replayed.products);

    let known = replayed.products.keys().next().expect("a product").parse().expect("an id");
    let product = ctx.store.products().get(known, Read::Consistent).await.expect("a product");
    let (tail, began) = (log.tail().await.expect("a number"), Instant::now());
    assert!(ctx.store.products().delete(&product, ctx.now()).await.expect("deleted"));
    let follows = async {
        while log.tail().await.expect("a number") == tail {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        stopped = pump.run(&projecting) => panic!("{stopped:?}"),
        () = follows => {}
    }
    println!("the log followed after {:?}", began.elapsed());
    let entries = log.after(tail, Read::Consistent).await.expect("entries");
    assert_eq!(entries[0].changes.products[0].product, None, "a tombstone");
}
