//! A catalogue that looks at every product for every request: what [`shared::catalogue::memory`] is
//! compared with.

use std::collections::{BTreeMap, BTreeSet};

use shared::catalogue::fold;
use shared::catalogue::log::{Entry, ListedProduct};
use shared::catalogue::memory::{Count, Facets, PriceRange, RatingCount};
use shared::catalogue::query::{Filters, Position, Sort, SortBy, SortValue};
use shared::catalogue::words::{Analyzer, Field, Fields, Token};
use shared::domain::ids::ProductId;
use shared::domain::search_language::SearchLanguage;
use shared::domain::slug::Slug;
use shared::domain::text::fold_case;

/// The products and categories as of an entry of the log.
#[derive(Debug)]
pub struct Model {
    language: SearchLanguage,
    analyzer: Analyzer,
    /// Each product that exists.
    pub products: BTreeMap<ProductId, ListedProduct>,
    /// The category that each category is part of.
    pub parents: BTreeMap<Slug, Option<Slug>>,
}

/// The words of a request.
struct Words {
    /// The words of the search, each once; the last one also matches as a beginning. Empty if there
    /// is a search without words.
    search: Option<Vec<Token>>,
    name: Option<Vec<Token>>,
}

impl Model {
    /// Creates a model without products.
    pub fn new(language: SearchLanguage) -> Self {
        let (products, parents) = (BTreeMap::new(), BTreeMap::new());
        Self { language, analyzer: Analyzer::new(language), products, parents }
    }

    /// Applies the next entry of the log.
    pub fn apply(&mut self, entry: &Entry) {
        for change in &entry.changes.products {
            match change.product.clone() {
                Some(mut product) => {
                    if entry.language != self.language {
                        product.words = product.words.stemmed(&self.analyzer);
                    }
                    self.products.insert(change.id, product);
                }
                None => drop(self.products.remove(&change.id)),
            }
        }
        for change in &entry.changes.categories {
            match &change.category {
                Some(category) => {
                    self.parents.insert(change.slug.clone(), category.parent.clone());
                }
                None => drop(self.parents.remove(&change.slug)),
            }
        }
    }

    /// Returns the same catalogue with stems of another language.
    pub fn stemmed(&self, language: SearchLanguage) -> Self {
        let analyzer = Analyzer::new(language);
        let mut products = self.products.clone();
        for product in products.values_mut() {
            product.words = std::mem::take(&mut product.words).stemmed(&analyzer);
        }
        Self { language, analyzer, products, parents: self.parents.clone() }
    }

    /// Returns the products that match, in their order.
    pub fn list(&self, filters: &Filters, sort: Sort) -> Vec<ProductId> {
        let positions = self.positions(filters, sort);
        let mut sorted: Vec<_> = positions.into_iter().collect();
        sorted.sort_by(|(one, at), (other, other_at)| {
            let order = match (&at.value, &other_at.value) {
                (SortValue::Number(one), SortValue::Number(other)) => one.cmp(other),
                (SortValue::Name(one), SortValue::Name(other)) => one.chars().cmp(other.chars()),
                _ => panic!("two kinds of values"),
            };
            let order = order.then(one.cmp(other));
            if sort.is_descending { order.reverse() } else { order }
        });
        sorted.into_iter().map(|(id, _)| id).collect()
    }

    /// Returns the products that match with their positions.
    pub fn positions(&self, filters: &Filters, sort: Sort) -> BTreeMap<ProductId, Position> {
        let words = self.words(filters);
        let matches = self
            .products
            .values()
            .filter(|product| self.failing(product, filters, &words) == Some(0));
        let position = |product: &ListedProduct| {
            let card = &product.card;
            let value = match sort.by {
                SortBy::Relevance => SortValue::Number(score(product, &words).expect("it matches")),
                SortBy::CreatedAt => SortValue::Number(card.created_at.unix_millis()),
                SortBy::Price => SortValue::Number(card.price.amount()),
                SortBy::Rating => SortValue::Number(average(product)),
                SortBy::Name => SortValue::Name(fold(card.name.as_str())),
            };
            (card.id, Position { value, id: card.id })
        };
        matches.map(position).collect()
    }

    /// Counts the products that match.
    pub fn facets(&self, filters: &Filters) -> Facets {
        let words = self.words(filters);
        let failing =
            |product| self.failing(product, filters, &words).map(|failing| (product, failing));
        let matches: Vec<_> = self.products.values().filter_map(failing).collect();
        let of = |filter: u8| -> Vec<&ListedProduct> {
            let of_filter = matches.iter().filter(|(_, failing)| failing & !filter == 0);
            of_filter.map(|(product, _)| *product).collect()
        };
        let mut categories: BTreeMap<String, u32> = BTreeMap::new();
        for product in of(CATEGORY) {
            for slug in product.card.category.iter().flat_map(|slug| self.path(slug)) {
                *categories.entry(slug.as_str().to_owned()).or_default() += 1;
            }
        }
        let categories = categories.into_iter().map(|(value, count)| Count { value, count });
        let brand = |it: &ListedProduct| {
            it.card.brand.iter().map(|brand| brand.as_str().to_owned()).collect()
        };
        let tags = |it: &ListedProduct| it.tags.iter().map(|tag| tag.as_str().to_owned()).collect();
        let ratings = (1..=4_u8).rev().map(|min| {
            let is_rated = |it: &&&ListedProduct| average(it) >= i64::from(min) * 100;
            RatingCount { min, count: of(RATING).iter().filter(is_rated).count() as u32 }
        });
        let stock: Vec<bool> = of(IN_STOCK).iter().map(|it| it.card.in_stock).collect();
        Facets {
            total: of(0).len() as u32,
            categories: sorted(categories.collect()),
            brands: values(&of(BRAND), brand),
            sizes: values(&of(SIZE), |it| it.card.sizes.clone()),
            tags: values(&of(0), tags),
            prices: prices(&of(PRICE)),
            ratings: ratings.filter(|rating| rating.count > 0).collect(),
            in_stock: stock.iter().filter(|it| **it).count() as u32,
            out_of_stock: stock.iter().filter(|it| !**it).count() as u32,
        }
    }

    /// Returns which of the filters with facets a product does not match; `None` if it does not
    /// match another one.
    fn failing(&self, product: &ListedProduct, filters: &Filters, words: &Words) -> Option<u8> {
        let card = &product.card;
        let is_same = |one: &str, other: &str| fold_case(one) == fold_case(other);
        let has_tag = |tag: &String| product.tags.iter().any(|it| is_same(it.as_str(), tag));
        let named = words.name.as_ref().is_none_or(|tokens| {
            let has = |token: &Token| {
                let mut words = product.words.iter().filter(|it| it.fields.contains(Field::Name));
                words.any(|it| it.token.word.starts_with(&token.word))
            };
            !tokens.is_empty() && tokens.iter().all(has)
        });
        if product.status != filters.status
            || !filters.tags.iter().all(has_tag)
            || !named
            || score(product, words).is_none()
        {
            return None;
        }
        let path = || card.category.iter().flat_map(|slug| self.path(slug));
        let price = card.price.amount();
        let fails = [
            (CATEGORY, filters.category.as_ref().is_some_and(|it| !path().any(|slug| slug == *it))),
            (
                BRAND,
                filters
                    .brand
                    .as_ref()
                    .is_some_and(|brand| !card.brand.iter().any(|it| is_same(it.as_str(), brand))),
            ),
            (
                SIZE,
                filters
                    .size
                    .as_ref()
                    .is_some_and(|size| !card.sizes.iter().any(|it| is_same(it, size))),
            ),
            (
                PRICE,
                filters.min_price.is_some_and(|min| price < min)
                    || filters.max_price.is_some_and(|max| price > max),
            ),
            (RATING, filters.min_rating.is_some_and(|min| average(product) < min.into())),
            (IN_STOCK, filters.in_stock.is_some_and(|wanted| card.in_stock != wanted)),
        ];
        Some(fails.iter().filter(|(_, fails)| *fails).map(|(filter, _)| filter).sum())
    }

    /// Returns a category and those above it.
    fn path(&self, slug: &Slug) -> Vec<Slug> {
        let mut path = vec![slug.clone()];
        while let Some(Some(parent)) = self.parents.get(&path[path.len() - 1]) {
            assert!(!path.contains(parent), "a cycle");
            path.push(parent.clone());
        }
        path
    }

    fn words(&self, filters: &Filters) -> Words {
        let tokens = |text: &Option<String>| Some(self.analyzer.tokens(text.as_deref()?));
        let each_once = |tokens: Vec<Token>| {
            let is_last = |index: usize| !tokens[index + 1..].contains(&tokens[index]);
            let different = (0..tokens.len()).filter(|index| is_last(*index));
            different.map(|index| tokens[index].clone()).collect()
        };
        Words { search: tokens(&filters.search).map(each_once), name: tokens(&filters.name) }
    }
}

/// Returns how well a product matches the search; `None` if it does not.
fn score(product: &ListedProduct, words: &Words) -> Option<i64> {
    let Some(tokens) = &words.search else { return Some(0) };
    let (last, others) = tokens.split_last()?;
    let best = |token: &Token, is_last: bool| {
        let scores = product.words.iter().filter_map(|it| {
            let how = if it.token.word == token.word {
                3
            } else if it.token.stem == token.stem {
                2
            } else if is_last && it.token.word.starts_with(&token.word) {
                1
            } else {
                return None;
            };
            Some(weight(it.fields) * 4 + how)
        });
        scores.max()
    };
    let mut score = best(last, true)?;
    for token in others {
        score += best(token, false)?;
    }
    Some(score)
}

const CATEGORY: u8 = 1;
const BRAND: u8 = 2;
const SIZE: u8 = 4;
const PRICE: u8 = 8;
const RATING: u8 = 16;
const IN_STOCK: u8 = 32;

fn weight(fields: Fields) -> i64 {
    [
        (12, Field::Name),
        (10, Field::Brand),
        (10, Field::Sku),
        (10, Field::Barcode),
        (5, Field::Category),
        (5, Field::Tags),
        (1, Field::Description),
    ]
    .into_iter()
    .find(|(_, field)| fields.contains(*field))
    .expect("a field")
    .0
}

fn average(product: &ListedProduct) -> i64 {
    product.card.rating.average().unwrap_or(0).into()
}

fn values(products: &[&ListedProduct], of: impl Fn(&ListedProduct) -> Vec<String>) -> Vec<Count> {
    let mut counts: BTreeMap<String, (u32, BTreeMap<String, u32>)> = BTreeMap::new();
    for product in products {
        let values = of(product);
        for key in values.iter().map(|value| fold_case(value)).collect::<BTreeSet<_>>() {
            counts.entry(key).or_default().0 += 1;
        }
        for value in values {
            *counts.entry(fold_case(&value)).or_default().1.entry(value).or_default() += 1;
        }
    }
    let counts = counts.into_values().map(|(count, spellings)| {
        let most = *spellings.values().max().expect("a spelling");
        let value = spellings.into_iter().find(|(_, count)| *count == most).expect("one").0;
        Count { value, count }
    });
    sorted(counts.collect())
}

fn sorted(mut counts: Vec<Count>) -> Vec<Count> {
    counts.sort_by_key(|it| (std::cmp::Reverse(it.count), it.value.clone()));
    counts.truncate(50);
    counts
}

/// The samples' prices are in no more than eight ranges.
fn prices(products: &[&ListedProduct]) -> Vec<PriceRange> {
    let mut ranges: BTreeMap<i64, PriceRange> = BTreeMap::new();
    for price in products.iter().map(|it| it.card.price.amount()) {
        let (mut min, mut max, mut power) = (0, 1, 1);
        while price >= max {
            min = max;
            max = match max / power {
                1 => 2 * power,
                2 => 5 * power,
                _ => 10 * power,
            };
            if max == 10 * power {
                power = max;
            }
        }
        ranges.entry(min).or_insert(PriceRange { min, max, count: 0 }).count += 1;
    }
    assert!(ranges.len() <= 8);
    ranges.into_values().collect()
}
