//! The catalogue in memory, compared with a brute-force search of the same products: random
//! products, changes, filters, searches, orders and pages.

#![expect(clippy::unwrap_used, reason = "only tests call it")]

mod random;

use std::collections::BTreeMap;

use shared::catalogue::log::{
    CategoryChange, Changes, Entry, ListedCategory, ListedProduct, ProductChange,
};
use shared::catalogue::memory::Catalogue;
use shared::catalogue::query::{Filters, Position, Sort};
use shared::catalogue::segment::{MAX_PRODUCTS, MAX_STORED, Segment, StoredSegment};
use shared::catalogue::words::Analyzer;
use shared::domain::ids::ProductId;
use shared::domain::search_language::SearchLanguage;
use shared::domain::text::CategoryName;
use tests::model::Model;
use tests::random::Random;

use self::random::Sample;

const ENGLISH: SearchLanguage = SearchLanguage::ENGLISH;

/// The log's entries so far, and what the catalogue must be after them.
struct Shop {
    sample: Sample,
    model: Model,
    entries: Vec<Entry>,
    ids: Vec<ProductId>,
}

impl Shop {
    fn new(random: Random) -> Self {
        let (entries, ids) = (Vec::new(), Vec::new());
        Self { sample: Sample::new(random), model: Model::new(ENGLISH), entries, ids }
    }

    fn random(&self) -> &Random {
        &self.sample.random
    }

    /// Changes a few products and perhaps a category, in one entry of the log.
    fn change(&mut self) {
        let language = match self.random().percent(95) {
            true => ENGLISH,
            false => SearchLanguage::parse("german").unwrap(),
        };
        let analyzer = Analyzer::new(language);
        let mut changes = Changes::default();
        for _ in 0..=self.random().below(4) {
            let is_new = self.ids.is_empty() || self.random().percent(60);
            let id = match is_new {
                true => self.sample.new_id(),
                false => self.ids[self.random().below(self.ids.len() as u64) as usize],
            };
            let is_deleted = !is_new && self.random().percent(25);
            let product = (!is_deleted).then(|| self.sample.product(id, &analyzer));
            self.ids.extend(is_new.then_some(id));
            changes.products.push(ProductChange { id, product });
        }
        if self.random().percent(20) {
            let (slug, parent) = self.sample.category(&self.model.parents);
            let name = CategoryName::parse(slug.as_str().to_owned()).unwrap();
            let category = self.random().percent(80).then_some(ListedCategory { name, parent });
            changes.categories.push(CategoryChange { slug, category });
        }
        let number = self.entries.len() as u64 + 1;
        let entry = Entry { number, language, changes };
        self.model.apply(&entry);
        self.entries.push(entry);
    }
}

fn empty() -> Catalogue {
    Catalogue::new(ENGLISH, BTreeMap::new(), Vec::new(), 0)
}

/// Returns the catalogue of the segments that a compaction writes, as another function reads them.
fn compacted(catalogue: &Catalogue, language: SearchLanguage) -> Catalogue {
    let segments = catalogue.compact(language).unwrap().into_iter();
    let segments = segments.map(|stored| Segment::from_stored(stored.bytes).unwrap()).collect();
    Catalogue::new(language, catalogue.parents().clone(), segments, catalogue.number())
}

/// Follows a list to its end, `between` being called before each page.
fn all_pages(
    catalogue: &mut Catalogue,
    filters: &Filters,
    sort: Sort,
    size: usize,
    mut between: impl FnMut(&mut Catalogue),
) -> Vec<(ProductId, Position)> {
    let (mut all, mut after): (Vec<(ProductId, Position)>, Option<Position>) = (Vec::new(), None);
    loop {
        between(catalogue);
        let found = catalogue.page(filters, sort, after.as_ref(), 0, size).unwrap();
        assert!(found.cards.len() == size || !found.has_more);
        let ids = found.cards.iter().map(|card| card.id);
        all.extend(ids.zip(found.positions.iter().cloned()));
        after = found.positions.last().cloned();
        if !found.has_more {
            return all;
        }
    }
}

#[test]
fn every_list_and_facet_is_what_a_search_of_all_products_finds() {
    for number in 0..3 {
        let mut shop = Shop::new(Random::seeded_by(number));
        let mut catalogue = empty();
        for _ in 0..12 {
            for _ in 0..shop.random().below(12) {
                shop.change();
            }
            let new = shop.entries[catalogue.number() as usize..].to_vec();
            catalogue.apply(new).unwrap().unwrap();
            if shop.random().percent(20) {
                catalogue = compacted(&catalogue, ENGLISH);
            }
            assert_eq!(catalogue.len(), shop.model.products.len());
            for _ in 0..10 {
                let (filters, sort) = shop.sample.request();
                let expected = shop.model.list(&filters, sort);
                let size = 1 + shop.random().below(9) as usize;
                let pages = all_pages(&mut catalogue, &filters, sort, size, |_| ());
                let ids: Vec<_> = pages.iter().map(|(id, _)| *id).collect();
                assert_eq!(ids, expected, "{filters:?} {sort:?}");
                let skip = shop.random().below(20) as usize;
                let numbered = catalogue.page(&filters, sort, None, skip, size).unwrap();
                let ids: Vec<_> = numbered.cards.iter().map(|card| card.id).collect();
                let expected_page: Vec<_> =
                    expected.iter().skip(skip).take(size).copied().collect();
                assert_eq!(ids, expected_page, "{filters:?} {sort:?} after {skip}");
                for card in numbered.cards {
                    assert_eq!(card, shop.model.products[&card.id].card);
                }
                assert_eq!(catalogue.facets(&filters), shop.model.facets(&filters), "{filters:?}");
            }
        }
    }
}

#[test]
fn a_product_that_keeps_its_place_is_listed_once_whatever_is_written_meanwhile() {
    for number in 10..13 {
        let mut shop = Shop::new(Random::seeded_by(number));
        for _ in 0..60 {
            shop.change();
        }
        // Instances of a function that have read the log as far as they did.
        let mut instances = [empty(), empty(), empty()];
        for _ in 0..20 {
            let (filters, sort) = shop.sample.request();
            let before = shop.model.positions(&filters, sort);
            let mut stays = before.clone();
            let mut all: Vec<(ProductId, Position)> = Vec::new();
            let (mut after, mut seen) = (None::<Position>, shop.entries.len() as u64);
            loop {
                let instance = shop.random().below(3) as usize;
                // It reads at least as far as the cursor says.
                let lag = shop.random().below(3);
                let until = (shop.entries.len() as u64 - lag).max(seen);
                let catalogue = &mut instances[instance];
                if catalogue.number() < until {
                    let new = catalogue.number() as usize..until as usize;
                    catalogue.apply(shop.entries[new].to_vec()).unwrap().unwrap();
                }
                if shop.sample.random.percent(10) {
                    *catalogue = compacted(catalogue, ENGLISH);
                }
                seen = catalogue.number();
                let found = catalogue.page(&filters, sort, after.as_ref(), 0, 4).unwrap();
                all.extend(found.cards.iter().map(|card| card.id).zip(found.positions.clone()));
                after = found.positions.last().cloned().or(after);
                if !found.has_more {
                    break;
                }
                shop.change();
                let now = shop.model.positions(&filters, sort);
                stays.retain(|id, position| now.get(id) == Some(position));
            }
            for (id, position) in stays {
                let count = all.iter().filter(|listed| **listed == (id, position.clone())).count();
                assert_eq!(count, 1, "{id} in {filters:?} {sort:?}");
            }
            assert!(all.windows(2).all(|pair| pair[0].1 != pair[1].1), "{filters:?} {sort:?}");
        }
    }
}

#[test]
fn compacting_changes_nothing_and_another_language_changes_the_stems() {
    let mut shop = Shop::new(Random::seeded_by(20));
    for _ in 0..300 {
        shop.change();
    }
    let mut catalogue = empty();
    for entries in shop.entries.chunks(7) {
        catalogue.apply(entries.to_vec()).unwrap().unwrap();
    }
    let again = compacted(&compacted(&catalogue, ENGLISH), ENGLISH);
    assert_eq!(
        again.ids().collect::<Vec<_>>(),
        shop.model.products.keys().copied().collect::<Vec<_>>()
    );
    for _ in 0..50 {
        let (filters, sort) = shop.sample.request();
        for catalogue in [&catalogue, &again] {
            let found = catalogue.page(&filters, sort, None, 0, 1_000).unwrap();
            let ids: Vec<_> = found.cards.iter().map(|card| card.id).collect();
            assert_eq!(ids, shop.model.list(&filters, sort), "{filters:?} {sort:?}");
            assert_eq!(catalogue.facets(&filters), shop.model.facets(&filters));
        }
    }
    let german = SearchLanguage::parse("german").unwrap();
    let stemmed = compacted(&catalogue, german);
    let model = shop.model.stemmed(german);
    for _ in 0..50 {
        let (filters, sort) = shop.sample.request();
        let found = stemmed.page(&filters, sort, None, 0, 1_000).unwrap();
        let ids: Vec<_> = found.cards.iter().map(|card| card.id).collect();
        assert_eq!(ids, model.list(&filters, sort), "{filters:?} {sort:?}");
    }
}

#[test]
fn an_entry_that_is_missing_in_the_log_is_noticed() {
    let mut shop = Shop::new(Random::seeded_by(21));
    (0..5).for_each(|_| shop.change());
    let mut catalogue = empty();
    catalogue.apply(shop.entries[..2].to_vec()).unwrap().unwrap();
    assert!(catalogue.apply(shop.entries[3..].to_vec()).unwrap().is_err());
    assert_eq!(catalogue.number(), 2);
    catalogue.apply(shop.entries[1..].to_vec()).unwrap().unwrap();
    assert_eq!(catalogue.number(), 5);
    assert_eq!(catalogue.len(), shop.model.products.len());
}

#[test]
fn products_changed_one_by_one_are_in_few_segments() {
    let shop = Shop::new(Random::seeded_by(22));
    let mut catalogue = empty();
    let id = shop.sample.new_id();
    let others: Vec<_> = (0..100).map(|_| shop.sample.new_id()).collect();
    let analyzer = Analyzer::new(ENGLISH);
    for number in 1..=500 {
        // One product that is written again and again among others.
        let id = if number % 2 == 0 { id } else { others[number as usize / 2 % 100] };
        let product: Option<ListedProduct> = Some(shop.sample.product(id, &analyzer));
        let changes =
            Changes { products: vec![ProductChange { id, product }], ..Changes::default() };
        let entry = Entry { number, language: ENGLISH, changes };
        catalogue.apply(vec![entry]).unwrap().unwrap();
        assert!(catalogue.segments() <= 10, "{} segments", catalogue.segments());
    }
    assert_eq!(catalogue.len(), 101);
}

#[test]
fn a_catalogue_of_several_segments_is_listed_like_one_of_one() {
    let mut shop = Shop::new(Random::seeded_by(23));
    // More than two segments have, changed after a compaction in all of them.
    while shop.model.products.len() < 2 * MAX_PRODUCTS + 200 {
        shop.change();
    }
    let mut catalogue = empty();
    catalogue.apply(shop.entries.clone()).unwrap().unwrap();
    for round in 0..2 {
        catalogue = compacted(&catalogue, ENGLISH);
        assert!(catalogue.segments() >= 3, "{} segments", catalogue.segments());
        for _ in 0..40 {
            shop.change();
        }
        let new = shop.entries[catalogue.number() as usize..].to_vec();
        catalogue.apply(new).unwrap().unwrap();
        assert!(catalogue.ids().count() == shop.model.products.len(), "round {round}");
        for _ in 0..15 {
            let (filters, sort) = shop.sample.request();
            let pages = all_pages(&mut catalogue, &filters, sort, 100, |_| ());
            let ids: Vec<_> = pages.iter().map(|(id, _)| *id).collect();
            assert_eq!(ids, shop.model.list(&filters, sort), "{filters:?} {sort:?}");
            assert_eq!(catalogue.facets(&filters), shop.model.facets(&filters), "{filters:?}");
        }
    }
}

#[test]
fn a_segment_is_stored_in_as_many_items_as_it_fits_in() {
    let shop = Shop::new(Random::seeded_by(25));
    let (analyzer, random) = (Analyzer::new(ENGLISH), Random::seeded_by(26));
    // Links that can hardly be compressed.
    const CHARACTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let character = || char::from(CHARACTERS[random.below(64) as usize]);
    let products: Vec<_> = (0..280)
        .map(|_| {
            let mut product = shop.sample.product(shop.sample.new_id(), &analyzer);
            let name: String = (0..1_900).map(|_| character()).collect();
            let link = format!("https://images.example.com/{name}");
            product.card.image = serde_json::from_value(link.into()).unwrap();
            product
        })
        .collect();
    let changed = |product: &ListedProduct| ProductChange {
        id: product.card.id,
        product: Some(product.clone()),
    };
    let products = products.iter().map(changed).collect();
    let changes = Changes { products, ..Changes::default() };
    let mut catalogue = empty();
    catalogue.apply(vec![Entry { number: 1, language: ENGLISH, changes }]).unwrap().unwrap();
    assert_eq!(catalogue.segments(), 1);

    let stored = catalogue.compact(ENGLISH).unwrap();
    assert_eq!(stored.len(), 2);
    let sizes: Vec<_> = stored.iter().map(|stored| stored.bytes.len()).collect();
    assert!(sizes.iter().all(|size| *size <= MAX_STORED), "{sizes:?}");
    let ids = |catalogue: &Catalogue| catalogue.ids().collect::<Vec<_>>();
    assert_eq!(ids(&compacted(&catalogue, ENGLISH)), ids(&catalogue));
}

#[test]
fn a_stored_segment_that_is_damaged_or_of_a_newer_version_is_an_error() {
    let mut shop = Shop::new(Random::seeded_by(27));
    (0..50).for_each(|_| shop.change());
    let mut catalogue = empty();
    catalogue.apply(shop.entries.clone()).unwrap().unwrap();
    let StoredSegment { segment, bytes } = catalogue.compact(ENGLISH).unwrap().remove(0);
    let read = |bytes: &[u8]| Segment::from_stored(bytes.to_vec());
    let is_same = |read: Segment| read.bytes() == segment.bytes();
    assert!(is_same(read(&bytes).unwrap()));
    assert!(is_same(read(segment.bytes()).unwrap()), "as the first segments were stored");
    for end in [0, 1, 2, bytes.len() / 2, bytes.len() - 1] {
        assert!(read(&bytes[..end]).is_err(), "{end}");
    }
    let with_format = |format: u8| [&[format], &bytes[1..]].concat();
    for format in [0, 1, 3] {
        assert!(read(&with_format(format)).is_err(), "{format}");
    }
    // A length of a terabyte.
    assert!(read(&[&[2, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20], &bytes[3..]].concat()).is_err());
}

#[test]
fn a_product_that_sells_out_and_comes_back_ten_thousand_times_takes_no_more_room() {
    let mut shop = Shop::new(Random::seeded_by(24));
    (0..50).for_each(|_| shop.change());
    let mut catalogue = empty();
    catalogue.apply(shop.entries.clone()).unwrap().unwrap();
    let before = catalogue.memory();
    let id = *shop.model.products.keys().next().unwrap();
    let flaps: Vec<Entry> = (0..10_000)
        .map(|flap| {
            let mut product = shop.model.products[&id].clone();
            product.card.in_stock = flap % 2 == 0;
            let products = vec![ProductChange { id, product: Some(product) }];
            let changes = Changes { products, ..Changes::default() };
            Entry { number: shop.entries.len() as u64 + 1 + flap, language: ENGLISH, changes }
        })
        .collect();
    for entries in flaps.chunks(20) {
        catalogue.apply(entries.to_vec()).unwrap().unwrap();
        assert!(catalogue.segments() <= 10, "{} segments", catalogue.segments());
    }
    shop.model.apply(&flaps[9_999]);
    assert!(catalogue.memory() < 2 * before, "{} bytes after {before}", catalogue.memory());
    let all = Filters::default();
    assert_eq!(catalogue.facets(&all), shop.model.facets(&all));
}
