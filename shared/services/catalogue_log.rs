//! Writes changed products and categories to the catalogue's log.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt};
use tracing::error;

use crate::catalogue::log::{CategoryChange, Changes, Entry, ListedProduct, ProductChange};
use crate::catalogue::words::Analyzer;
use crate::context::Ctx;
use crate::domain::error::{Error, Result};
use crate::domain::ids::ProductId;
use crate::domain::slug::Slug;
use crate::store::Read;
use crate::store::catalogue_log::EntryExists;
use crate::store::retry::Attempts;

/// The most products that are read concurrently.
const AT_ONCE: usize = 4;

/// What changed.
#[derive(Debug, Clone, Default)]
pub struct Changed {
    /// Products that changed or were deleted.
    pub products: BTreeSet<ProductId>,
    /// Categories that changed or were deleted.
    pub categories: Vec<Slug>,
}

/// What was appended to the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Appended {
    /// The number of products that exist.
    pub products: usize,
    /// The number of products that do not exist any more.
    pub deleted_products: usize,
    /// The number of categories that exist.
    pub categories: usize,
    /// The number of categories that do not exist any more.
    pub deleted_categories: usize,
    /// Products that this version can't read, which are logged and left out.
    pub unreadable: BTreeSet<ProductId>,
}

/// Appends what these products and categories are now to the log, in as few entries as they fit in.
///
/// Can be repeated: the log then says the same once more.
pub async fn append(ctx: &Ctx, mut changed: Changed) -> Result<Appended> {
    let analyzer = Analyzer::new(ctx.config.search_language);
    let mut attempts = Attempts::new("the catalogue's log grows faster than it can be appended to");
    let mut appended = Appended::default();
    if changed.products.is_empty() && changed.categories.is_empty() {
        return Ok(appended);
    }
    'again: loop {
        // The number first and the products afterwards: see `store::catalogue_log`.
        let tail = tail(ctx).await?;
        let mut changes = read(ctx, &changed, &analyzer, &mut appended.unreadable).await?;
        let mut number = tail;
        while !changes.is_empty() {
            number += 1;
            let (language, now) = (ctx.config.search_language, ctx.now());
            let entry = Entry { number, language, changes: changes.take_entry() };
            if ctx.store.catalogue_log().create(&entry, now).await? == Err(EntryExists) {
                ctx.log_tail.set(None, now);
                attempts.pause().await?;
                continue 'again;
            }
            ctx.log_tail.set(Some(number), now);
            changed.remove(&entry.changes);
            appended.count(&entry.changes);
        }
        return Ok(appended);
    }
}

/// Returns the number of the log's last entry: the one that this environment wrote, if that is not
/// long ago. If another one has written since, the next entry exists.
async fn tail(ctx: &Ctx) -> Result<u64> {
    let now = ctx.now();
    if let Some(number) = ctx.log_tail.get(now) {
        return Ok(number);
    }
    let number = ctx.store.catalogue_log().tail().await?;
    ctx.log_tail.set(Some(number), now);
    Ok(number)
}

/// Reads what changed as it is now.
async fn read(
    ctx: &Ctx,
    changed: &Changed,
    analyzer: &Analyzer,
    unreadable: &mut BTreeSet<ProductId>,
) -> Result<Changes> {
    let mut changes = Changes::default();
    let wanted = changed.products.iter().filter(|id| !unreadable.contains(id)).copied();
    let wanted: Vec<_> = wanted.collect();
    let products = stream::iter(wanted)
        .map(async |id| (id, ctx.store.products().get(id, Read::Consistent).await));
    let mut products = products.buffered(AT_ONCE);
    while let Some((id, product)) = products.next().await {
        let product = match product {
            Ok(product) => Some(ListedProduct::of(&product, analyzer)),
            Err(Error::NotFound) => None,
            Err(Error::Internal { context }) => {
                error!(%context, %id, "a product can't be read");
                unreadable.insert(id);
                continue;
            }
            Err(error) => return Err(error),
        };
        changes.products.push(ProductChange { id, product });
    }
    if !changed.categories.is_empty() {
        let mut found = ctx.store.categories().listed(&changed.categories).await?;
        changes.categories = changed
            .categories
            .iter()
            .map(|slug| CategoryChange { slug: slug.clone(), category: found.remove(slug) })
            .collect();
    }
    Ok(changes)
}

impl Appended {
    /// Counts what an entry has.
    fn count(&mut self, written: &Changes) {
        let products = written.products.iter().filter(|it| it.product.is_some()).count();
        self.products += products;
        self.deleted_products += written.products.len() - products;
        let categories = written.categories.iter().filter(|it| it.category.is_some()).count();
        self.categories += categories;
        self.deleted_categories += written.categories.len() - categories;
    }

    /// Adds what another call has appended.
    pub fn add(&mut self, other: Self) {
        self.products += other.products;
        self.deleted_products += other.deleted_products;
        self.categories += other.categories;
        self.deleted_categories += other.deleted_categories;
        self.unreadable.extend(other.unreadable);
    }
}

impl Changed {
    /// Adds a category, once.
    pub fn add_category(&mut self, slug: Slug) {
        if !self.categories.contains(&slug) {
            self.categories.push(slug);
        }
    }

    /// Removes what an entry has.
    fn remove(&mut self, written: &Changes) {
        for change in &written.products {
            self.products.remove(&change.id);
        }
        let is_written = |slug: &Slug| written.categories.iter().any(|it| it.slug == *slug);
        self.categories.retain(|slug| !is_written(slug));
    }
}
