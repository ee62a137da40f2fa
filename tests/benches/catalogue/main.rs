//! Measures the catalogue in memory: bytes, times, capacity units, and whether every request finds
//! what a search of all products does.
//!
//!     cargo bench -p tests --bench catalogue -- [NUMBER_OF_PRODUCTS]...
//!
//! Without arguments there are 1,000 products, then 10,000. Pure: no database and no network. A time
//! is the processor's, in one thread. It fails if a request finds something else, or if a figure of
//! 10,000 products is more than three times its bar. It prints tables of `docs/figures.md`.

mod capacity;
mod load;
mod log;
mod queries;
mod report;
mod shop;

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use serde_json::{Map, Value};
use shared::catalogue::log::ListedProduct;
use shared::catalogue::memory::Catalogue;
use shared::catalogue::segment::Segment;
use tests::model::Model;
use tests::random::Random;
use tests::samples::usd;

use self::capacity::{CHOSEN, FRACTIONS, Stored};
use self::load::{LOAD, Loaded, load};
use self::log::{
    LANGUAGE, StoredEntry, apply_all, categories_of, changes_of, entries_of, entries_one_by_one,
};
use self::queries::{FACETS, LISTS, PAGE};
use self::report::{Report, grouped, units};
use self::shop::Shop;

const SEED: u64 = 13;

/// The random requests of each kind.
const REQUESTS: usize = 1_000;
/// How many of them are compared with a search of all products, and the most products of that: it
/// takes some 20 ms.
const COMPARED: usize = 40;
const MOST_COMPARED: usize = 10_000;
/// The products that change one by one.
const FEW: usize = 1_000;
/// The products that a brand's new name or a price cut changes.
const MANY: usize = 5_000;

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|it| !it.starts_with("--")).collect();
    if let [command, folder] = &arguments[..]
        && command == LOAD
    {
        return load(Path::new(folder));
    }
    let mut sizes = vec![1_000, 10_000];
    if !arguments.is_empty() {
        sizes = arguments.iter().map(|it| it.parse().expect("a number of products")).collect();
    }
    println!("seed {SEED}");
    let mut missed = Vec::new();
    for size in sizes {
        let report = measure(size);
        report.print(&format!("{} products", grouped(size)));
        missed.extend(report.missed.into_iter().filter(|_| size == 10_000));
    }
    assert!(missed.is_empty(), "more than three times their bars: {missed:?}");
}

/// Returns the figures of a shop of so many products.
fn measure(size: usize) -> Report {
    let mut report = Report::new(size);
    let shop = Shop::new(size);
    let mut model = (size <= MOST_COMPARED).then(|| Model::new(LANGUAGE));
    let segments = store(&mut report, &shop, &mut model);

    let catalogue = open(&shop, &segments);
    report.hold("`Catalogue::memory` a product", catalogue.memory() / size, "bytes", 700);
    drop(catalogue);
    let loaded = Loaded::measure(&segments);
    let bar = 10_000 + size * 7 / 10;
    report.hold("resident memory that comes with it", loaded.resident / 1_000, "KB", bar);
    report.hold("the same at its peak, after a search", loaded.peak / 1_000, "KB", bar);
    report.time("to load", loaded.took, report.bar(200, 1_500));

    let mut catalogue = open(&shop, &segments);
    let entry = change_few(&mut report, &shop, &mut catalogue, &segments, &mut model);
    let stored = Stored { entry, segments: segments.iter().map(Vec::len).collect() };
    count_units(&mut report, &stored, size);
    count_units_of_the_longest(&mut report, &shop, &stored);
    change_many(&mut report, &shop, &segments, &stored);
    request(&mut report, &shop, &catalogue, model.as_ref());
    report
}

/// Creates all products through the log and compacts it; returns the bytes of the segments.
fn store(report: &mut Report, shop: &Shop, model: &mut Option<Model>) -> Vec<Vec<u8>> {
    let mut catalogue = Catalogue::new(LANGUAGE, shop.parents.clone(), Vec::new(), 0);
    let (mut words, mut bytes) = (0, 0);
    let size = shop.ids.len();
    let chunks = (0..size).step_by(500).map(|start| start..size.min(start + 500));
    let products = chunks.map(|chunk| changes_of(chunk.map(|index| shop.product(index))));
    for changes in std::iter::once(categories_of(shop)).chain(products) {
        let listed = changes.products.iter().flat_map(|change| &change.product);
        words += listed.map(|product| product.words.iter().count()).sum::<usize>();
        for stored in entries_of(catalogue.number(), changes) {
            let entry = stored.parse();
            if let Some(model) = model {
                model.apply(&entry);
            }
            bytes += stored.bytes();
            catalogue.apply(vec![entry]).expect("segments").expect("the next entry");
        }
    }
    assert_eq!(catalogue.len(), size);
    report.add("different words a product", words / size);
    report.add("log a product", format!("{} bytes", grouped(bytes / size)));

    let (segments, took) = processor_time(|| catalogue.compact(LANGUAGE).expect("segments"));
    let segments: Vec<_> = segments.into_iter().map(|segment| segment.bytes).collect();
    let stored = segments.iter().map(Vec::len).sum::<usize>();
    report.add("segments a product", format!("{} bytes", stored / size));
    report.add("segments", segments.len());
    let largest = segments.iter().map(Vec::len).max();
    report.hold("largest segment", largest.unwrap_or_default(), "bytes", 380_000);
    report.time("to compact", took, None);
    segments
}

/// Changes products one by one; returns the mean bytes of an entry.
fn change_few(
    report: &mut Report,
    shop: &Shop,
    catalogue: &mut Catalogue,
    segments: &[Vec<u8>],
    model: &mut Option<Model>,
) -> usize {
    let random = Random::with_seed(SEED);
    let changed = (0..FEW).map(|_| random.below(shop.ids.len() as u64) as usize);
    let changed = changed.map(|index| reduced(shop, index));
    let entries = entries_one_by_one(catalogue.number(), changed);
    let times = entries.iter().map(|stored| {
        let apply = || apply_all(catalogue, std::slice::from_ref(stored));
        processor_time(apply).1
    });
    let times: Vec<_> = times.collect();
    report.time("to apply 10 changed products one by one", times[..10].iter().sum(), None);
    report.time("to apply 1,000", times.iter().sum(), None);
    report.times("each of them", times, None);
    report.add("segments after them", catalogue.segments());
    let mut fresh = open(shop, segments);
    let ((), took) = processor_time(|| apply_all(&mut fresh, &entries));
    report.time("to apply them at once", took, None);
    if let Some(model) = model {
        entries.iter().for_each(|stored| model.apply(&stored.parse()));
    }
    entries.iter().map(StoredEntry::bytes).sum::<usize>() / entries.len()
}

/// Prints what a change and a start cost, for each fraction.
fn count_units(report: &mut Report, stored: &Stored, size: usize) {
    report.add("log of a changed product", format!("{} bytes", grouped(stored.entry)));
    for fraction in FRACTIONS {
        let write = stored.write_units(fraction);
        let read = stored.read_units(fraction) * 1_000 / size as u64;
        let [write_name, read_name] = [
            format!("write units of a change, compacting at 1/{fraction} of the segments"),
            "read units to load 1,000 products and the longest log".to_owned(),
        ];
        if fraction == CHOSEN {
            report.hold_units(&write_name, write, 900);
            report.hold_units(&read_name, read, 7_500);
        } else {
            report.add(&write_name, units(write));
            report.add(&read_name, units(read));
        }
    }
}

/// Prints what a change of the product with the most words costs, among the first of the shop.
fn count_units_of_the_longest(report: &mut Report, shop: &Shop, stored: &Stored) {
    let words = |product: &ListedProduct| product.words.iter().count();
    let first = (0..shop.ids.len().min(300)).map(|index| shop.product(index));
    let longest = first.max_by_key(words).expect("a product");
    report.add("different words of the longest product", words(&longest));
    let entries = entries_one_by_one(0, std::iter::once(longest));
    let stored = Stored { entry: entries[0].bytes(), segments: stored.segments.clone() };
    report.add("log of its change", format!("{} bytes", grouped(stored.entry)));
    report.add("write units of its change", units(stored.write_units(CHOSEN)));
}

/// Changes many products at once.
fn change_many(report: &mut Report, shop: &Shop, segments: &[Vec<u8>], stored: &Stored) {
    let size = shop.ids.len();
    let count = MANY.min(size / 2);
    let indexes = || (0..count).map(|index| index * (size / count));
    let renamed = |index| {
        let rename = |body: &mut Map<String, Value>| {
            body.insert("brand".to_owned(), "Another Name".into());
        };
        shop.edited(index, rename)
    };
    let renamed = changes_of(indexes().map(renamed));
    let reduced = changes_of(indexes().map(|index| reduced(shop, index)));
    for (name, changes) in [("a brand's new name", renamed), ("a price cut", reduced)] {
        let mut catalogue = open(shop, segments);
        let entries = entries_of(catalogue.number(), changes);
        let bytes: Vec<_> = entries.iter().map(StoredEntry::bytes).collect();
        let name = format!("{name} for {} products", grouped(count));
        let log = format!("{} bytes in {} entries", grouped(bytes.iter().sum()), bytes.len());
        report.add(&format!("{name}: log"), log);
        report.add("write units", units(stored.write_units_of(&bytes, CHOSEN)));
        let times = entries.iter().map(|stored| {
            let apply = || apply_all(&mut catalogue, std::slice::from_ref(stored));
            processor_time(apply).1
        });
        report.time("to apply", times.sum(), None);
    }
}

/// Sends requests of each kind.
fn request(report: &mut Report, shop: &Shop, catalogue: &Catalogue, model: Option<&Model>) {
    let (random, bar) = (Random::with_seed(SEED), report.bar(3, 15));
    let mut compared = 0;
    for (name, query) in LISTS {
        let mut times = Vec::new();
        for number in 0..REQUESTS {
            let query = query(shop, &random);
            let page = |skip, size| {
                catalogue.page(&query.filters, query.sort, None, skip, size).expect("a page")
            };
            times.push(processor_time(|| black_box(page(query.skip, PAGE))).1);
            if let Some(model) = model.filter(|_| number < COMPARED) {
                let all = page(0, shop.ids.len()).cards;
                let expected = model.list(&query.filters, query.sort);
                assert!(all.iter().map(|card| card.id).eq(expected), "{query:?}");
                compared += 1;
            }
        }
        report.times(&format!("list {name}"), times, bar);
    }
    for (name, query) in FACETS {
        let mut times = Vec::new();
        for number in 0..REQUESTS {
            let filters = query(shop, &random).filters;
            let (facets, took) = processor_time(|| catalogue.facets(&filters));
            times.push(took);
            if let Some(model) = model.filter(|_| number < COMPARED) {
                assert_eq!(facets, model.facets(&filters), "{filters:?}");
                compared += 1;
            }
        }
        report.times(&format!("facets {name}"), times, bar);
    }
    report.add(
        "requests that a search of all products answers equally",
        match model {
            Some(_) => format!("{compared} of {compared}"),
            None => "–".to_owned(),
        },
    );
}

/// Returns a product at half its price.
fn reduced(shop: &Shop, index: usize) -> ListedProduct {
    shop.edited(index, |body| {
        let amount = body["price"]["amount"].as_i64().expect("an amount");
        body.insert("price".to_owned(), usd((amount / 2).max(100)));
    })
}

/// Returns the catalogue of segments.
fn open(shop: &Shop, segments: &[Vec<u8>]) -> Catalogue {
    let segments = segments.iter().map(|bytes| Segment::from_stored(bytes.clone()));
    let segments = segments.collect::<Result<_, _>>().expect("segments");
    Catalogue::new(LANGUAGE, shop.parents.clone(), segments, 0)
}

/// Returns the time that this thread spends on a processor.
fn processor_time<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let now = || clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("Linux has this clock");
    let before = now();
    let outcome = work();
    (outcome, (now() - before).into())
}
