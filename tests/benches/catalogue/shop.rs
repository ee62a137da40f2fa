//! A shop of as many products as wanted, with texts as frequent as in natural language. A product is
//! the same each time.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value, json};
use shared::catalogue::log::ListedProduct;
use shared::catalogue::words::Analyzer;
use shared::domain::ids::ProductId;
use shared::domain::invalid::Invalid;
use shared::domain::money::Currency;
use shared::domain::product::{ProductDraft, Rating};
use shared::domain::search_language::SearchLanguage;
use shared::domain::slug::Slug;
use shared::domain::time::Timestamp;
use tests::random::Random;
use tests::samples::{slug, usd};

use super::SEED;

/// The number of different words of the descriptions.
const VOCABULARY: usize = 20_000;

/// The words that nearly every description has.
const FUNCTION_WORDS: [&str; 48] = [
    "the", "and", "with", "for", "a", "of", "to", "in", "is", "this", "your", "from", "on", "it",
    "are", "you", "or", "as", "that", "by", "an", "be", "can", "made", "our", "all", "has", "not",
    "will", "at", "more", "which", "have", "its", "no", "use", "when", "also", "one", "so", "any",
    "each", "than", "out", "up", "set", "new", "easy",
];

const ONSETS: [&str; 24] = [
    "b", "br", "c", "ch", "cl", "d", "dr", "f", "g", "gr", "h", "l", "m", "n", "p", "pr", "r", "s",
    "sh", "st", "t", "tr", "v", "w",
];
const NUCLEI: [&str; 8] = ["a", "e", "i", "o", "u", "ea", "oo", "ai"];
const CODAS: [&str; 10] = ["", "", "n", "r", "l", "t", "ck", "nd", "st", "p"];
const ENDINGS: [&str; 16] =
    ["", "", "", "", "s", "s", "s", "ed", "ed", "ing", "er", "ly", "y", "e", "ion", "able"];

/// Sizes, by the kind of the category.
const SIZES: [&[&str]; 5] = [
    &[],
    &["XS", "S", "M", "L", "XL", "XXL"],
    &["36", "37", "38", "39", "40", "41", "42", "43", "44"],
    &["250 ml", "500 ml", "1 l"],
    &["One Size"],
];
const COLOURS: [&str; 8] = ["Black", "White", "Navy", "Sand", "Olive", "Red", "Grey", "Ecru"];

/// A product's name, words and values, of these.
pub struct Shop {
    /// The words of the descriptions, from the most frequent one on.
    pub vocabulary: Vec<String>,
    /// The brands, from the one with the most products on.
    pub brands: Vec<String>,
    /// The tags, from the most frequent one on.
    pub tags: Vec<String>,
    /// The category that each category is part of.
    pub parents: BTreeMap<Slug, Option<Slug>>,
    /// The categories that have products.
    pub leaves: Vec<Slug>,
    /// The identifiers of the products.
    pub ids: Vec<ProductId>,
    analyzer: Analyzer,
    frequencies: [Zipf; 4],
}

/// Picks numbers from 0 on, each about as often as its rank is low: the word of rank r is r times
/// rarer than the first.
struct Zipf(Vec<u64>);

impl Shop {
    /// Creates a shop of `size` products.
    pub fn new(size: usize) -> Self {
        let random = Random::with_seed(SEED);
        let mut known = HashSet::new();
        let mut different = |count: usize, word: &dyn Fn(usize) -> String| {
            let mut words = Vec::with_capacity(count);
            while words.len() < count {
                let word = word(words.len());
                if known.insert(word.clone()) {
                    words.push(word);
                }
            }
            words
        };
        let vocabulary = different(VOCABULARY, &|rank| match FUNCTION_WORDS.get(rank) {
            Some(word) => (*word).to_owned(),
            None if random.percent(4) => random.below(rank as u64 * 2).to_string(),
            None => word(&random, rank),
        });
        let brands = different(10 + size / 40, &|_| {
            let name = capitalized(&word(&random, 5_000));
            if random.percent(20) { format!("{name} & Co") } else { name }
        });
        let tags: Vec<_> =
            (0..60 + size / 200).map(|rank| vocabulary[60 + rank * 7].clone()).collect();
        let count = usize::isqrt(size);
        let names =
            different(count, &|_| format!("{}-{}", word(&random, 1_000), word(&random, 3_000)));
        let slugs: Vec<Slug> = names.iter().map(|name| slug(name)).collect();
        // A sixth of the categories have others below them.
        let above = |index: usize| (index > 0).then(|| slugs[(index - 1) / 6].clone());
        let parents = slugs.iter().cloned().zip((0..count).map(above)).collect();
        let leaves = slugs[count / 6..].to_vec();
        let frequencies = [VOCABULARY, brands.len(), leaves.len(), tags.len()].map(Zipf::of);
        let ids = (0..size).map(|index| ProductId::new(created_at(index))).collect();
        let analyzer = Analyzer::new(SearchLanguage::ENGLISH);
        Self { vocabulary, brands, tags, parents, leaves, ids, analyzer, frequencies }
    }

    /// Returns a product as the log has it.
    pub fn product(&self, index: usize) -> ListedProduct {
        self.edited(index, |_| ())
    }

    /// Returns a product as the log has it after an admin changed its body.
    pub fn edited(
        &self,
        index: usize,
        edit: impl FnOnce(&mut Map<String, Value>),
    ) -> ListedProduct {
        let random =
            Random::with_seed(SEED ^ (index as u64 + 1).wrapping_mul(0x2545_F491_4F6C_DD1D));
        let mut body = self.body(&random, index);
        edit(body.as_object_mut().expect("an object"));
        let draft: ProductDraft =
            deserr::deserialize::<_, _, Invalid>(body).expect("the body of a product");
        let currency = Currency::parse("USD".to_owned()).expect("a currency");
        let product = draft.create(self.ids[index], currency, created_at(index));
        let mut listed = ListedProduct::of(&product.expect("a product"), &self.analyzer);
        if random.percent(60) {
            let count = 1 + random.below(80) as u32;
            let sum = (0..count).map(|_| 5 - random.below(12) as u32 / 5).sum();
            listed.card.rating = Rating { count, sum };
        }
        listed
    }

    /// Returns a word as frequent as in the descriptions.
    pub fn word(&self, random: &Random) -> &str {
        &self.vocabulary[self.frequencies[0].pick(random)]
    }

    /// Returns a brand, the largest ones the most often.
    pub fn brand(&self, random: &Random) -> &str {
        &self.brands[self.frequencies[1].pick(random)]
    }

    /// Returns a tag, the most frequent ones the most often.
    pub fn tag(&self, random: &Random) -> &str {
        &self.tags[self.frequencies[3].pick(random)]
    }

    /// Returns a size of some products.
    pub fn size(&self, random: &Random) -> &'static str {
        pick(random, SIZES[1 + random.below(3) as usize])
    }

    fn body(&self, random: &Random, index: usize) -> Value {
        let category = self.frequencies[2].pick(random);
        let of_category = Random::with_seed(category as u64);
        let [thing, adjective] =
            [300, 900].map(|rank| &self.vocabulary[rank + of_category.below(300) as usize]);
        let own = &self.vocabulary[2_000 + random.below(10_000) as usize];
        let name = match random.percent(50) {
            true => format!("{} {}", capitalized(own), capitalized(thing)),
            false => [own, adjective, thing].map(|word| capitalized(word)).join(" "),
        };
        let price = price(random);
        let mut body = json!({
            "name": name,
            "description": self.description(random, category),
            "category": self.leaves[category],
            "images": [format!(
                "https://images.shop.example/products/{}-{index}_1024x1024.jpg",
                name.to_lowercase().replace(' ', "-")
            )],
            "price": usd(price),
            "tags": self.tags_of(random),
        });
        let members = body.as_object_mut().expect("an object");
        let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
        if random.percent(95) {
            add("brand", self.brand(random).into());
        }
        if random.percent(20) {
            add("compare_at_price", usd(price * 5 / 4));
        }
        match random.below(100) {
            0..=2 => drop(add("status", "draft".into())),
            3..=4 => drop(add("status", "archived".into())),
            _ => {}
        }
        add("variants", variants(random, index, category, thing));
        body
    }

    /// Returns a text of about 80 different words, some of them those of the category; of one product
    /// in a hundred a text of 400.
    fn description(&self, random: &Random, category: usize) -> String {
        let count = match random.below(100) {
            0 => 1_000,
            _ => 15 + random.below(36) + random.below(46) + random.below(46),
        };
        let mut text = String::new();
        let mut left_in_sentence = 0;
        for _ in 0..count {
            let word = match random.percent(20) {
                true => {
                    let rank = 200 + category * 37 % 4_000 + random.below(60) as usize;
                    &self.vocabulary[rank]
                }
                false => self.word(random),
            };
            if left_in_sentence == 0 {
                left_in_sentence = 5 + random.below(15);
                text.push_str(if text.is_empty() { "" } else { ". " });
                text.push_str(&capitalized(word));
            } else {
                text.push(' ');
                text.push_str(word);
            }
            left_in_sentence -= 1;
        }
        text + "."
    }

    fn tags_of(&self, random: &Random) -> Vec<&str> {
        let mut tags: Vec<_> = (0..random.below(6)).map(|_| self.tag(random)).collect();
        tags.sort_unstable();
        tags.dedup();
        tags
    }
}

impl Zipf {
    fn of(count: usize) -> Self {
        let mut sum = 0;
        let weights = (0..count as u64).map(|rank| {
            sum += 1_000_000_000 / (rank + 3);
            sum
        });
        Self(weights.collect())
    }

    fn pick(&self, random: &Random) -> usize {
        let Self(sums) = self;
        let number = random.below(sums[sums.len() - 1]);
        sums.partition_point(|sum| *sum <= number)
    }
}

/// The products were created a minute apart.
fn created_at(index: usize) -> Timestamp {
    Timestamp::from_unix_millis(1_600_000_000_000 + index as i64 * 60_000)
}

/// Returns the variants of a product. Those of a third have barcodes.
fn variants(random: &Random, index: usize, category: usize, thing: &str) -> Value {
    let (is_sold_out, has_barcodes) = (random.percent(10), random.percent(33));
    let code: String = thing.chars().take(3).collect::<String>().to_uppercase();
    let own_size = [None];
    let sizes: Vec<Option<&str>> = match SIZES[category % 7 % SIZES.len()] {
        [] => own_size.into(),
        sizes => {
            let first = random.below(sizes.len() as u64) as usize / 2;
            sizes[first..].iter().take(1 + random.below(6) as usize).copied().map(Some).collect()
        }
    };
    let colours = match random.below(10) {
        0..=5 => 0,
        count => count as usize - 5,
    };
    let first_colour = random.below(5) as usize;
    let colours: Vec<Option<&str>> = match &COLOURS[first_colour..][..colours.min(3)] {
        [] => own_size.into(),
        colours => colours.iter().copied().map(Some).collect(),
    };
    let mut variants = Vec::new();
    for colour in &colours {
        for size in &sizes {
            let mut sku = format!("{code}-{:05}", 10_000 + index);
            let mut options = Map::new();
            for (name, value) in [("colour", colour), ("size", size)] {
                let Some(value) = value else { continue };
                sku += "-";
                sku.extend(value.chars().filter(char::is_ascii_alphanumeric).take(3));
                options.insert(name.to_owned(), (*value).into());
            }
            let stock = if is_sold_out { 0 } else { random.below(40) };
            let barcode = has_barcodes
                .then(|| format!("40{:011}", index * 100 + variants.len() + 7_777_777_777));
            variants.push(json!({
                "sku": sku, "options": options, "stock": stock, "barcode": barcode,
            }));
        }
    }
    variants.into()
}

/// Returns a price from 1 to 499 dollars, more often a low one.
fn price(random: &Random) -> i64 {
    let most = [20, 50, 100, 499][random.below(4) as usize];
    let dollars = 1 + random.below(most) as i64;
    let cents = [0, 50, 95, 99][random.below(4) as usize];
    (dollars * 100 - 100 + cents).max(100)
}

/// Returns a word; one of a high rank is longer.
fn word(random: &Random, rank: usize) -> String {
    let syllables = match rank {
        0..1_000 => 1,
        1_000..6_000 => 1 + random.below(2),
        _ => 2 + random.below(2) / (1 + random.below(2)),
    };
    let mut word = String::new();
    for _ in 0..syllables {
        for part in [&ONSETS[..], &NUCLEI, &CODAS] {
            word += pick(random, part);
        }
    }
    word + pick(random, &ENDINGS)
}

fn pick<'a>(random: &Random, from: &[&'a str]) -> &'a str {
    from[random.below(from.len() as u64) as usize]
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}
