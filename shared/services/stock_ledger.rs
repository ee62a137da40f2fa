//! Brings movements of stock from the table's stream into the ledger, tells the admins of low stock,
//! and keeps the list of low stock.
//!
//! Each of it can be repeated: a movement is created once, the alert in the same transaction, and the
//! list says what the stock is at that moment.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::context::Ctx;
use crate::domain::error::{Error, Result};
use crate::domain::ids::ProductId;
use crate::domain::inventory::Inventory;
use crate::domain::sku::Sku;
use crate::store::inventory::NotMarked;
use crate::store::retry::Attempts;
use crate::store::transaction::Transaction;

/// The most variants that are written concurrently.
const AT_ONCE: usize = 8;

/// What the records of a stream say of the stock of variants.
#[derive(Debug, Default)]
pub struct StockChanges {
    /// Variants as they were right after a movement.
    moved: Vec<Inventory>,
    /// The variants that became low in stock, or are not any more.
    crossed: BTreeSet<(ProductId, Sku)>,
}

impl StockChanges {
    /// Adds a change of a variant; `before` is `None` if it is new.
    pub fn add(&mut self, before: Option<&Inventory>, after: Inventory) {
        let was_low = before.is_some_and(Inventory::is_listed_as_low);
        if was_low != after.is_listed_as_low() {
            self.crossed.insert((after.product_id, after.sku.clone()));
        }
        if before.is_none_or(|before| before.movements != after.movements) {
            self.moved.push(after.since(before));
        }
    }
}

/// Brings the ledger and the list of low stock up to date with changes of variants.
pub async fn project(ctx: &Ctx, changes: StockChanges) -> Result<()> {
    let StockChanges { moved, crossed } = changes;
    let record = async |stock: Inventory| record(ctx, &stock).await;
    stream::iter(moved).map(Ok).try_for_each_concurrent(AT_ONCE, record).await?;
    let list = async |(product, sku): (ProductId, Sku)| mark_low_stock(ctx, product, &sku).await;
    stream::iter(crossed).map(Ok).try_for_each_concurrent(AT_ONCE, list).await
}

/// Records the latest movement of a variant's stock, as it was right after that movement; with the
/// alert to the admins, if it is due. Does nothing if the ledger has the movement already.
async fn record(ctx: &Ctx, stock: &Inventory) -> Result<()> {
    let Some(entry) = stock.latest_entry() else { return Ok(()) };
    let (store, now) = (&ctx.store, ctx.now());
    match stock.alert() {
        None => drop(store.ledger().add(stock, &entry).await?),
        Some(alert) => {
            let transaction = Transaction::with_new_token(now)
                .with(store.ledger().create(stock, &entry)?)
                .with(store.outbox().add(alert, now)?);
            drop(store.transact(transaction).await?);
        }
    }
    Ok(())
}

/// Brings the list of low stock up to date for a variant.
pub async fn mark_low_stock(ctx: &Ctx, product: ProductId, sku: &Sku) -> Result<()> {
    let mut attempts = Attempts::new("stock crosses its threshold faster than it can be listed");
    loop {
        let stock = ctx.store.inventory().of_variant(product, sku).await?;
        let stock = stock.ok_or_else(|| Error::internal("a variant was deleted"))?;
        match ctx.store.inventory().mark(&stock, ctx.now()).await?.first() {
            // Another product has the SKU: it is not this variant's to mark any more.
            Ok(()) | Err(NotMarked::OtherHolder) => return Ok(()),
            Err(NotMarked::ChangedMeanwhile) => attempts.pause().await?,
        }
    }
}
