//! Random requests of each kind.

use shared::catalogue::query::{Filters, Sort, SortBy};
use tests::random::Random;

use super::shop::Shop;

/// The products of a page.
pub const PAGE: usize = 20;

/// A kind of request, and one of it.
pub type Kind = (&'static str, fn(&Shop, &Random) -> Query);

/// A request.
#[derive(Debug)]
pub struct Query {
    /// What it asks for.
    pub filters: Filters,
    /// The order of the list.
    pub sort: Sort,
    /// How many products are before its page.
    pub skip: usize,
}

/// Lists and searches. Function words are in nearly every product, common words in some in a hundred,
/// rare ones in some in ten thousand.
pub const LISTS: [Kind; 25] = [
    ("all, newest", |_, random| list(random, SortBy::CreatedAt)),
    ("all, by price", |_, random| list(random, SortBy::Price)),
    ("all, by name", |_, random| list(random, SortBy::Name)),
    ("all, by rating", |_, random| list(random, SortBy::Rating)),
    ("all, a page of the first half", |shop, random| {
        let skip = random.below(shop.ids.len() as u64 / 2) as usize;
        Query { skip, ..list(random, any_sort(random)) }
    }),
    ("in a category", |shop, random| Query {
        filters: Filters { category: Some(category(shop, random)), ..Filters::default() },
        ..list(random, any_sort(random))
    }),
    ("of a brand", |shop, random| Query {
        filters: Filters { brand: Some(shop.brand(random).to_owned()), ..Filters::default() },
        ..list(random, any_sort(random))
    }),
    ("of a size, in stock", |shop, random| Query {
        filters: Filters {
            size: Some(shop.size(random).to_owned()),
            in_stock: Some(true),
            ..Filters::default()
        },
        ..list(random, any_sort(random))
    }),
    ("with a tag", |shop, random| Query {
        filters: Filters { tags: vec![shop.tag(random).to_owned()], ..Filters::default() },
        ..list(random, any_sort(random))
    }),
    ("in a range of prices, rated well", |_, random| {
        let min_price = 500 + random.below(5_000) as i64;
        let filters = Filters {
            min_price: Some(min_price),
            max_price: Some(min_price * 4),
            min_rating: Some(400),
            ..Filters::default()
        };
        Query { filters, ..list(random, any_sort(random)) }
    }),
    ("with any four filters", |shop, random| Query {
        filters: filtered(shop, random),
        ..list(random, any_sort(random))
    }),
    ("of a name", |shop, random| {
        let name = words_of_name(shop, random, 1);
        Query {
            filters: Filters { name: Some(name), ..Filters::default() },
            ..list(random, any_sort(random))
        }
    }),
    ("1 word, everywhere", |shop, random| search(&[function(shop, random)])),
    ("1 word, common", |shop, random| search(&[common(shop, random)])),
    ("1 word, rare", |shop, random| search(&[rare(shop, random)])),
    ("1 word, the beginning", |shop, random| search(&[&beginning(common(shop, random))])),
    ("1 word, everywhere, by name", |shop, random| Query {
        sort: list(random, SortBy::Name).sort,
        ..search(&[function(shop, random)])
    }),
    ("2 words, everywhere", |shop, random| {
        search(&[function(shop, random), function(shop, random)])
    }),
    ("2 words, everywhere, by price", |shop, random| Query {
        sort: list(random, SortBy::Price).sort,
        ..search(&[function(shop, random), function(shop, random)])
    }),
    ("2 words, common", |shop, random| search(&[common(shop, random), common(shop, random)])),
    ("2 words, rare and everywhere", |shop, random| {
        search(&[rare(shop, random), function(shop, random)])
    }),
    ("2 words of a name", |shop, random| search(&[&words_of_name(shop, random, 2)])),
    ("3 words, everywhere", |shop, random| search(&[(); 3].map(|()| function(shop, random)))),
    ("3 words, of one product", |shop, random| {
        let product = shop.product(random.below(shop.ids.len() as u64) as usize);
        let words: Vec<_> = product.words.iter().map(|word| &*word.token.word).collect();
        search(&[(); 3].map(|()| words[random.below(words.len() as u64) as usize]))
    }),
    ("2 words, common, with four filters", |shop, random| Query {
        filters: Filters {
            search: search(&[common(shop, random), common(shop, random)]).filters.search,
            ..filtered(shop, random)
        },
        ..list(random, SortBy::Relevance)
    }),
];

/// Facets.
pub const FACETS: [Kind; 5] = [
    ("of all", |_, random| list(random, SortBy::CreatedAt)),
    ("of a category", |shop, random| Query {
        filters: Filters { category: Some(category(shop, random)), ..Filters::default() },
        ..list(random, SortBy::CreatedAt)
    }),
    ("of any four filters", |shop, random| Query {
        filters: filtered(shop, random),
        ..list(random, SortBy::CreatedAt)
    }),
    ("of 1 word, everywhere", |shop, random| search(&[function(shop, random)])),
    ("of 2 words, common", |shop, random| search(&[common(shop, random), common(shop, random)])),
];

fn list(random: &Random, by: SortBy) -> Query {
    let is_descending = by == SortBy::Relevance || random.percent(50);
    Query { filters: Filters::default(), sort: Sort { by, is_descending }, skip: 0 }
}

fn search(words: &[&str]) -> Query {
    let filters = Filters { search: Some(words.join(" ")), ..Filters::default() };
    Query { filters, sort: Sort::RELEVANCE, skip: 0 }
}

/// Returns four filters at once, wide enough that some products match.
fn filtered(shop: &Shop, random: &Random) -> Filters {
    let mut filters = Filters { in_stock: Some(true), ..Filters::default() };
    let skipped = random.below(4);
    if skipped != 0 {
        filters.category = shop.parents.keys().find(|slug| shop.parents[*slug].is_none()).cloned();
    }
    if skipped != 1 {
        filters.brand = Some(shop.brands[random.below(4) as usize].clone());
    }
    if skipped != 2 {
        filters.max_price = Some(2_000 + random.below(20_000) as i64);
    }
    if skipped != 3 {
        filters.tags = vec![shop.tags[random.below(4) as usize].clone()];
    }
    filters
}

fn any_sort(random: &Random) -> SortBy {
    [SortBy::CreatedAt, SortBy::Price, SortBy::Name, SortBy::Rating][random.below(4) as usize]
}

fn category(shop: &Shop, random: &Random) -> shared::domain::slug::Slug {
    let categories = shop.parents.len() as u64;
    let found = shop.parents.keys().nth(random.below(categories) as usize);
    found.expect("a category").clone()
}

fn function<'s>(shop: &'s Shop, random: &Random) -> &'s str {
    &shop.vocabulary[random.below(10) as usize]
}

fn common<'s>(shop: &'s Shop, random: &Random) -> &'s str {
    &shop.vocabulary[50 + random.below(450) as usize]
}

fn rare<'s>(shop: &'s Shop, random: &Random) -> &'s str {
    &shop.vocabulary[10_000 + random.below(10_000) as usize]
}

/// Returns what was typed of a word so far.
fn beginning(word: &str) -> String {
    word.chars().take(3).collect()
}

fn words_of_name(shop: &Shop, random: &Random, count: usize) -> String {
    let product = shop.product(random.below(shop.ids.len() as u64) as usize);
    let name = product.card.name.as_str();
    name.split(' ').take(count).collect::<Vec<_>>().join(" ")
}
