//! Random products, categories and requests, of so few words and values that many are equal.

use std::cell::Cell;
use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::catalogue::log::ListedProduct;
use shared::catalogue::query::{Filters, Sort, SortBy};
use shared::catalogue::words::Analyzer;
use shared::domain::ids::ProductId;
use shared::domain::invalid::Invalid;
use shared::domain::money::Currency;
use shared::domain::product::{ProductDraft, ProductStatus, Rating};
use shared::domain::slug::Slug;
use shared::domain::time::Timestamp;
use tests::random::Random;
use tests::samples::{slug, usd};

const WORDS: [&str; 32] = [
    "mug",
    "mugs",
    "Mug",
    "café",
    "cafe",
    "berry",
    "berries",
    "running",
    "runner",
    "run",
    "Łódź",
    "lodz",
    "women's",
    "womens",
    "t-shirt",
    "shirt",
    "AB-12",
    "12",
    "東京都",
    "東京",
    "コーヒー",
    "чашка",
    "чашки",
    "Haus",
    "Häuser",
    "קפה",
    "x",
    "blue",
    "bluest",
    "Über",
    "über",
    "small",
];
const BRANDS: [&str; 6] = ["Acme", "ACME", "acme", "Ærø & Co", "Zwei", "Straße"];
const SIZES: [&str; 6] = ["S", "s", "M", "L", "xl", "XL"];
const TAGS: [&str; 6] = ["gift", "Gift", "new", "NEW", "Sale", "größe"];
const CATEGORIES: [&str; 6] = ["home", "kitchen", "mugs", "clothes", "shirts", "misc"];
const PRICES: [i64; 6] = [0, 500, 999, 1_000, 2_500, 10_000];

pub struct Sample {
    pub random: Random,
    clock: Cell<i64>,
}

impl Sample {
    pub fn new(random: Random) -> Self {
        Self { random, clock: Cell::new(1_700_000_000_000) }
    }

    fn pick<'a>(&self, of: &[&'a str]) -> &'a str {
        of[self.random.below(of.len() as u64) as usize]
    }

    fn words(&self, least: u64, most: u64) -> String {
        let count = least + self.random.below(most - least + 1);
        let words: Vec<_> = (0..count).map(|_| self.pick(&WORDS)).collect();
        words.join(" ")
    }

    /// Returns a new identifier. Some have a time before others that exist.
    pub fn new_id(&self) -> ProductId {
        let time = self.clock.get() + 1;
        self.clock.set(time);
        let back = if self.random.percent(20) { self.random.below(50) as i64 } else { 0 };
        ProductId::new(Timestamp::from_unix_millis(time - back))
    }

    /// Returns a product as the log has it.
    pub fn product(&self, id: ProductId, analyzer: &Analyzer) -> ListedProduct {
        let mut body = json!({"name": self.words(1, 3), "price": usd(self.price())});
        let body_members = body.as_object_mut().unwrap();
        let mut add = |name: &str, value: Value| drop(body_members.insert(name.to_owned(), value));
        if self.random.percent(70) {
            add("description", self.words(0, 8).into());
        }
        if self.random.percent(70) {
            add("brand", self.pick(&BRANDS).into());
        }
        if self.random.percent(70) {
            add("category", self.pick(&CATEGORIES).into());
        }
        if self.random.percent(30) {
            add("images", json!(["https://example.com/a.jpg"]));
        }
        let tags: Vec<_> = (0..self.random.below(4)).map(|_| self.pick(&TAGS)).collect();
        add("tags", json!(tags));
        let mut sizes = SIZES.to_vec();
        sizes.retain(|_| self.random.percent(30));
        let variants: Vec<_> = sizes
            .into_iter()
            .map(|size| {
                let price = self.random.percent(30).then(|| usd(self.price()));
                let stock = u32::from(self.random.percent(50));
                json!({"options": {"size": size}, "price": price, "stock": stock})
            })
            .collect();
        if variants.is_empty() {
            add("stock", u32::from(self.random.percent(50)).into());
        } else {
            add("variants", variants.into());
        }
        if self.random.percent(10) {
            add("status", self.pick(&["draft", "archived"]).into());
        }
        let draft: ProductDraft = deserr::deserialize::<_, _, Invalid>(body).unwrap();
        let currency = Currency::parse("USD".to_owned()).unwrap();
        let created_at =
            Timestamp::from_unix_millis(1_700_000_000_000 + self.random.below(50) as i64);
        let product = draft.create(id, currency, created_at).unwrap();
        let mut listed = ListedProduct::of(&product, analyzer);
        let count = self.random.below(3) as u32;
        let sum = (0..count).map(|_| 1 + self.random.below(5) as u32).sum();
        listed.card.rating = Rating { count, sum };
        listed
    }

    fn price(&self) -> i64 {
        PRICES[self.random.below(PRICES.len() as u64) as usize]
    }

    /// Returns a category with a parent of which it is not one.
    pub fn category(&self, parents: &BTreeMap<Slug, Option<Slug>>) -> (Slug, Option<Slug>) {
        let category = slug(self.pick(&CATEGORIES));
        let parent = self.random.percent(70).then(|| slug(self.pick(&CATEGORIES)));
        let mut above = parent.clone();
        while let Some(slug) = above {
            if slug == category {
                return (category, None);
            }
            above = parents.get(&slug).cloned().flatten();
        }
        (category, parent)
    }

    /// Returns a random request.
    pub fn request(&self) -> (Filters, Sort) {
        let some = |chance| self.random.percent(chance);
        let search = some(50).then(|| {
            let mut words = self.words(1, 3);
            // The beginning of a word.
            if some(30) {
                words.pop();
            }
            words
        });
        let by = match self.random.below(5) {
            0 if search.is_some() => SortBy::Relevance,
            1 => SortBy::Price,
            2 => SortBy::Name,
            3 => SortBy::Rating,
            _ => SortBy::CreatedAt,
        };
        let status = match self.random.below(20) {
            0 => ProductStatus::Draft,
            1 => ProductStatus::Archived,
            _ => ProductStatus::Active,
        };
        let tags = 0..if some(20) { 1 + self.random.below(2) } else { 0 };
        let filters = Filters {
            search,
            category: some(20).then(|| slug(self.pick(&[&CATEGORIES[..], &["unknown"]].concat()))),
            name: some(15).then(|| self.words(1, 2)),
            size: some(15).then(|| self.pick(&SIZES).to_owned()),
            brand: some(15).then(|| self.pick(&BRANDS).to_owned()),
            tags: tags.map(|_| self.pick(&TAGS).to_owned()).collect(),
            min_price: some(15).then(|| self.price()),
            max_price: some(15).then(|| self.price()),
            in_stock: some(15).then(|| some(50)),
            min_rating: some(10).then(|| self.random.below(500) as u16),
            status,
        };
        (filters, Sort { by, is_descending: some(50) || by == SortBy::Relevance })
    }
}
