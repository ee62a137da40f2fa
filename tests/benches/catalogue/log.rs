//! Entries of the catalogue's log as `shared::store` stores them.

use shared::catalogue::log::{
    CategoryChange, Changes, Entry, ListedCategory, ListedProduct, ProductChange,
};
use shared::catalogue::memory::Catalogue;
use shared::domain::search_language::SearchLanguage;
use shared::domain::text::CategoryName;

use super::shop::Shop;

/// The language of all stems.
pub const LANGUAGE: SearchLanguage = SearchLanguage::ENGLISH;

/// The bytes of an item of the log without its changes: the key, the other attributes and all names.
const ATTRIBUTES: usize = 115;

/// An entry, and the bytes that are stored of its changes.
pub struct StoredEntry {
    number: u64,
    changes: Vec<u8>,
}

impl StoredEntry {
    fn new(number: u64, changes: &Changes) -> Self {
        Self { number, changes: changes.to_stored().expect("JSON") }
    }

    /// Returns the bytes of the item.
    pub fn bytes(&self) -> usize {
        ATTRIBUTES + self.changes.len()
    }

    /// Parses the entry, as a function does that reads it.
    pub fn parse(&self) -> Entry {
        let changes = Changes::from_stored(&self.changes).expect("changes");
        Entry { number: self.number, language: LANGUAGE, changes }
    }
}

/// Returns the entries after a number that have these changes.
pub fn entries_of(after: u64, mut changes: Changes) -> Vec<StoredEntry> {
    let mut entries = Vec::new();
    while !changes.is_empty() {
        let number = after + 1 + entries.len() as u64;
        entries.push(StoredEntry::new(number, &changes.take_entry()));
    }
    entries
}

/// Returns the entries after a number that change a product each.
pub fn entries_one_by_one(
    after: u64,
    products: impl Iterator<Item = ListedProduct>,
) -> Vec<StoredEntry> {
    let changes = products.map(|product| changes_of([product]));
    changes.zip(after + 1..).map(|(changes, number)| StoredEntry::new(number, &changes)).collect()
}

/// Returns changes of products.
pub fn changes_of(products: impl IntoIterator<Item = ListedProduct>) -> Changes {
    let changed = products
        .into_iter()
        .map(|product| ProductChange { id: product.card.id, product: Some(product) });
    Changes { products: changed.collect(), ..Changes::default() }
}

/// Returns the creation of all categories.
pub fn categories_of(shop: &Shop) -> Changes {
    let created = shop.parents.iter().map(|(slug, parent)| {
        let name = CategoryName::parse(slug.as_str().to_owned()).expect("a name");
        let category = Some(ListedCategory { name, parent: parent.clone() });
        CategoryChange { slug: slug.clone(), category }
    });
    Changes { categories: created.collect(), ..Changes::default() }
}

/// Applies entries in one step, as a function does that starts.
pub fn apply_all(catalogue: &mut Catalogue, entries: &[StoredEntry]) {
    let entries = entries.iter().map(StoredEntry::parse).collect();
    catalogue.apply(entries).expect("segments").expect("the next entries");
}
