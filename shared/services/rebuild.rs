//! Rebuilds what lists and search read of the catalogue: writes what every product and category is
//! now to the catalogue's log, whatever the log says of it, while the shop runs. Brings the lists of
//! stock up to date as well.
//!
//! [`catalogue_log::append`] reads each product after the number of the log's last entry, so a change
//! made meanwhile is either in what it reads or in a later entry of `project-changes`. The rebuild can
//! be stopped and repeated at any time: each entry is right by itself.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt};

use super::catalogue_log::{self, Appended, Changed};
use super::stock_ledger;
use crate::context::Ctx;
use crate::domain::error::{Error, Result};
use crate::domain::ids::ProductId;
use crate::domain::slug::Slug;
use crate::store::Read;

/// The products of one append, which fill about one entry: fewer would cost a write each, and more
/// would be read again more often because another writer was faster.
const BATCH: usize = 50;

/// The most products that are read concurrently.
const AT_ONCE: usize = 4;

/// The most identifiers that one query of the index returns.
const IDS: usize = 1_000;

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The products that are written so far.
    pub products: usize,
    /// The products to write.
    pub of: usize,
}

/// Writes what all products and categories are now to the log: those in the table, and those that
/// the catalogue lists at present, `listed` and `listed_categories`, of which some may not exist any
/// more. Calls `progress` after each batch of products.
pub async fn rebuild(
    ctx: &Ctx,
    listed: &BTreeSet<ProductId>,
    listed_categories: &BTreeSet<Slug>,
    mut progress: impl FnMut(Progress),
) -> Result<Appended> {
    let existing = ctx.store.categories().tree(Read::Consistent).await?.categories;
    let existing = existing.into_keys().collect();
    let categories = listed_categories.union(&existing).cloned().collect();
    let categories = Changed { categories, ..Changed::default() };
    let mut appended = catalogue_log::append(ctx, categories).await?;

    let products: Vec<_> = listed.union(&all_products(ctx).await?).copied().collect();
    for (batch, number) in products.chunks(BATCH).zip(1..) {
        mark_stock(ctx, batch).await?;
        let batch = Changed { products: batch.iter().copied().collect(), ..Changed::default() };
        appended.add(catalogue_log::append(ctx, batch).await?);
        progress(Progress { products: products.len().min(number * BATCH), of: products.len() });
    }
    Ok(appended)
}

/// Marks the SKUs of these products as low in stock, or as not low, where that is not right. Products
/// that can't be read are left out: the log names them.
async fn mark_stock(ctx: &Ctx, products: &[ProductId]) -> Result<()> {
    let get = |id: &ProductId| ctx.store.products().get(*id, Read::Consistent);
    let mut found = stream::iter(products.iter().map(get)).buffer_unordered(AT_ONCE);
    let mut variants = Vec::new();
    while let Some(product) = found.next().await {
        match product {
            Ok(product) => variants.extend(
                product.current_variants().map(|variant| (variant.product_id, variant.sku.clone())),
            ),
            Err(Error::NotFound | Error::Internal { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    for (product, sku) in ctx.store.inventory().wrongly_marked(variants).await? {
        stock_ledger::mark_low_stock(ctx, product, &sku).await?;
    }
    Ok(())
}

/// Returns all products of the index. One that was created a moment ago may be missing; its record in
/// the stream brings it into the log.
async fn all_products(ctx: &Ctx) -> Result<BTreeSet<ProductId>> {
    let mut all = BTreeSet::new();
    let mut last = None;
    loop {
        let found = ctx.store.products().ids(last, IDS).await?;
        last = found.last().copied();
        all.extend(found);
        if last.is_none() {
            return Ok(all);
        }
    }
}
