//! The stock of variants as admins see it: by SKU, as a list, and the list of low stock.
//!
//! Both lists are indexes of the pointers of SKUs, which hardly ever change: an index of the numbers in
//! stock would double the cost of every sale. The numbers are read for the SKUs of a page. A pointer
//! says that stock is low if [`Inventories::mark`] has written so, which happens when stock crosses its
//! threshold.

use std::collections::HashMap;

use super::ChangedMeanwhile;
use super::expression::{Comparison, Condition, absent, compares, is, is_bool, is_number};
use super::item::{Item, from_item};
use super::keys::{self, LOW_STOCK, SKUS};
use super::list::{Order, Query};
use super::products::{HOLDER, SkuPointer, stock_update};
use super::read::Read;
use super::table::Store;
use super::transaction::{Outcome, Transaction};
use super::write::{Changes, Write};
use crate::domain::error::{Error, Result};
use crate::domain::ids::ProductId;
use crate::domain::inventory::{Inventory, InventoryChange};
use crate::domain::page::{Page, Paging};
use crate::domain::patch::Patch;
use crate::domain::product::VariantStatus;
use crate::domain::quantity::Stock;
use crate::domain::sku::Sku;
use crate::domain::time::Timestamp;

/// The store's operations on the stock of variants.
#[derive(Debug, Clone, Copy)]
pub struct Inventories<'a>(&'a Store);

/// Why a SKU was not marked as low in stock, or as not low.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotMarked {
    /// Another product holds the SKU, or none.
    OtherHolder,
    /// The stock was changed after it was read, so that the mark would be wrong.
    ChangedMeanwhile,
}

impl Store {
    /// Returns the store's operations on the stock of variants.
    pub fn inventory(&self) -> Inventories<'_> {
        Inventories(self)
    }
}

impl Inventories<'_> {
    /// Returns the stock of a SKU, by consistent reads; 404 if no product holds it.
    pub async fn get(self, sku: &Sku) -> Result<Inventory> {
        let pointer = self.0.get(keys::sku(sku), Read::Consistent).await?;
        let pointer: SkuPointer = pointer.map(from_item).transpose()?.ok_or(Error::NotFound)?;
        self.of_variant(pointer.product_id, sku).await?.ok_or(Error::NotFound)
    }

    /// Returns the stock of a variant, by a consistent read; `None` if it does not exist.
    pub async fn of_variant(self, product: ProductId, sku: &Sku) -> Result<Option<Inventory>> {
        let item = self.0.get(keys::variant(product, sku), Read::Consistent).await?;
        item.map(from_item).transpose()
    }

    /// Returns a page of all stock, or of low stock, in the order of the SKUs. A page may have fewer
    /// items than asked for although more follow.
    pub async fn list(self, is_low: bool, paging: &Paging) -> Result<Page<Inventory>> {
        let index = if is_low { LOW_STOCK } else { SKUS };
        let query = Query::all(index, String::new(), Order::Ascending);
        let page = self.0.list_merged::<SkuPointer>(&query, keys::sku_shards().collect(), paging);
        let page = page.await?;
        let keys = page.items.iter().map(|it| keys::variant(it.product_id, &it.sku)).collect();
        let stock = self.0.batch_get(keys, &[], Read::Eventual).await?;
        let stock = stock.into_iter().map(from_item::<Inventory>).collect::<Result<Vec<_>>>()?;
        let mut stock: HashMap<_, _> =
            stock.into_iter().map(|stock| (stock.sku.clone(), stock)).collect();
        Ok(page.filter_map(|pointer| stock.remove(&pointer.sku)))
    }

    /// Returns the write of an admin's change, on condition that the stock is still that of `before`.
    pub fn change(
        self,
        before: &Inventory,
        change: &InventoryChange,
        now: Timestamp,
    ) -> Write<ChangedMeanwhile, Changes> {
        let mut write = match &change.stock {
            Some(stock) => stock_update(stock),
            None => Write::update(keys::variant(before.product_id, &before.sku)),
        };
        write = match &change.threshold {
            Patch::Keep => write,
            Patch::Remove => threshold_changed(write.remove(OWN_THRESHOLD), now),
            Patch::Set(own) => threshold_changed(write.set(OWN_THRESHOLD, own), now),
        };
        let has_threshold = match before.threshold_changes {
            0 => absent(THRESHOLD_CHANGES),
            changes => is_number(THRESHOLD_CHANGES, changes),
        };
        // What is not part of the version, but decides whether stock may change and an alert is due.
        let condition = is_number("movements", before.movements)
            .and(has_threshold)
            .and(is_tracked_as(before))
            .and(is_threshold(THRESHOLD, before.low_stock_threshold))
            .and(is("status", before.status));
        write.when(condition, || ChangedMeanwhile)
    }

    /// Returns those of these variants whose SKU is not marked as their stock is now, by consistent
    /// reads; those of withdrawn variants and of SKUs that another product holds are left out.
    pub async fn wrongly_marked(
        self,
        variants: impl IntoIterator<Item = (ProductId, Sku)>,
    ) -> Result<Vec<(ProductId, Sku)>> {
        let variants: Vec<_> = variants.into_iter().collect();
        let pointers = variants.iter().map(|(_, sku)| keys::sku(sku)).collect();
        let stock = variants.iter().map(|(product, sku)| keys::variant(*product, sku)).collect();
        let pointers = self.0.batch_get(pointers, &[], Read::Consistent).await?;
        let stock = self.0.batch_get(stock, &[], Read::Consistent).await?;
        let marked = |item: Item| {
            let is_listed = item.contains_key(SKUS.partition);
            let is_low = item.contains_key(LOW_STOCK.partition);
            let SkuPointer { sku, product_id } = from_item(item)?;
            Ok(((product_id, sku), (is_listed, is_low)))
        };
        let marked = pointers.into_iter().map(marked).collect::<Result<HashMap<_, _>>>()?;
        let stock = stock.into_iter().map(from_item).collect::<Result<Vec<Inventory>>>()?;
        let wrong = stock.into_iter().filter_map(|stock| {
            let variant = (stock.product_id, stock.sku.clone());
            let is_right = *marked.get(&variant)? == (true, stock.is_listed_as_low());
            (!is_right).then_some(variant)
        });
        Ok(wrong.collect())
    }

    /// Marks the SKU of a variant as low in stock, or as not low, as its stock was read; on condition
    /// that this is still so, and that its product holds the SKU.
    pub async fn mark(self, stock: &Inventory, now: Timestamp) -> Result<Outcome<NotMarked>> {
        let pointer = Write::update(keys::sku(&stock.sku))
            .set_text(SKUS.partition, keys::sku_shard(&stock.sku));
        let pointer = match stock.is_listed_as_low() {
            true => pointer.set_text(LOW_STOCK.partition, keys::sku_shard(&stock.sku)),
            false => pointer.remove(LOW_STOCK.partition),
        };
        let pointer = pointer.when(is(HOLDER, stock.product_id), || NotMarked::OtherHolder);
        let variant = Write::check(keys::variant(stock.product_id, &stock.sku));
        let variant = variant.when(is_as_low(stock), || NotMarked::ChangedMeanwhile);
        self.0.transact(Transaction::with_new_token(now).with(pointer).with(variant)).await
    }
}

const TRACK_STOCK: &str = "track_stock";
const THRESHOLD: &str = "low_stock_threshold";
const OWN_THRESHOLD: &str = "own_low_stock_threshold";
const THRESHOLD_CHANGES: &str = "threshold_changes";

fn threshold_changed(
    write: Write<ChangedMeanwhile, Changes>,
    now: Timestamp,
) -> Write<ChangedMeanwhile, Changes> {
    write.count(THRESHOLD_CHANGES, 1).set_text("threshold_changed_at", now)
}

/// Requires that a stored variant's stock is low if `stock` is, and otherwise that it is not. Sales
/// that don't change this are no reason to refuse.
fn is_as_low(stock: &Inventory) -> Condition {
    let is_withdrawn = is("status", VariantStatus::Withdrawn);
    let condition = match stock.is_withdrawn() {
        true => is_withdrawn,
        false => Condition::Not(Box::new(is_withdrawn)),
    };
    let condition = condition
        .and(is_tracked_as(stock))
        .and(is_threshold(THRESHOLD, stock.low_stock_threshold))
        .and(is_threshold(OWN_THRESHOLD, stock.own_low_stock_threshold));
    match stock.threshold().map(Stock::get) {
        None => condition,
        Some(most) if stock.available.get() <= most => {
            condition.and(compares("available", Comparison::AtMost, most))
        }
        Some(most) => condition.and(compares("available", Comparison::Greater, most)),
    }
}

fn is_tracked_as(stock: &Inventory) -> Condition {
    match stock.track_stock {
        true => absent(TRACK_STOCK).or(is_bool(TRACK_STOCK, true)),
        false => is_bool(TRACK_STOCK, false),
    }
}

fn is_threshold(attribute: &str, threshold: Option<Stock>) -> Condition {
    threshold.map_or(absent(attribute), |threshold| is_number(attribute, threshold.get()))
}
