//! Products with their variants.
//!
//! After a variant is created, an order changes its stock by [`Products::take_from_stock`] and
//! [`Products::return_to_stock`], an import by [`Products::set_stock`], and an admin by
//! [`super::inventory::Inventories::change`].

mod batch;
mod sales;
mod skus;
mod stock_settings;

use std::collections::{HashMap, HashSet};

use futures_util::future::FutureExt;
use serde::Deserialize;

use super::categories::{self, UnknownCategory};
use super::expression::{exists, is, is_number};
use super::item::{from_item, number, text, text_of, to_item, value};
use super::keys::{self, PRODUCTS, TYPE};
use super::list::{Order, Query};
use super::read::Read;
use super::retry::join_bounded;
use super::table::Store;
use super::transaction::{Outcome, Transaction};
use super::write::{Changes, NewItem, Write};
use crate::domain::basket::VariantSelector;
use crate::domain::error::{Error, Result};
use crate::domain::ids::ProductId;
use crate::domain::product::{
    CategoryCounts, Product, ProductStatus, ProductWithVariants, Revision, StarCounts, Variant,
    VariantStatus,
};
use crate::domain::sku::Sku;
use crate::domain::slug::Slug;
use crate::domain::stock::Movement;
use crate::domain::time::Timestamp;

pub use batch::ProductChange;
pub use sales::SaleRefused;
pub(super) use sales::stock_update;
pub use skus::SkuHolders;
pub(super) use skus::{HOLDER, SkuPointer};
pub use stock_settings::{NotSet, StockSetting};

/// The store's operations on products and their variants.
#[derive(Debug, Clone, Copy)]
pub struct Products<'a>(&'a Store);

/// The result of looking for a variant that is on sale.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a request has one, for a moment")]
pub enum OnSale {
    /// Exactly one variant matches.
    One(Variant),
    /// The product has several variants on sale; one must be selected by its SKU.
    Several,
    /// No variant on sale matches.
    None,
}

/// Why a product was not written.
#[derive(Debug)]
pub enum ProductRefused {
    /// Another request changed it after it was read.
    ChangedMeanwhile,
    /// This category does not exist.
    UnknownCategory(Slug),
    /// These SKUs do not have the holders that were expected.
    OtherHolders(Vec<Sku>),
}

/// The error of one write of a product's transaction.
enum Refused {
    ChangedMeanwhile,
    UnknownCategory(Slug),
    OtherHolder(Sku),
}

/// A product in the index of all products, which has keys only.
#[derive(Debug, Deserialize)]
struct Indexed {
    id: ProductId,
}

const PRODUCT: &str = "product";
const VARIANT: &str = "variant";
pub(super) const RATING: &str = "rating";
const DELETED: &str = "deleted_product";
const TRACK_STOCK: &str = "track_stock";

impl Store {
    /// Returns the store's operations on products and their variants.
    pub fn products(&self) -> Products<'_> {
        Products(self)
    }
}

impl<'a> Products<'a> {
    /// Creates a product with its variants, on condition that their SKUs have the given holders.
    pub async fn create(
        self,
        new: &ProductWithVariants,
        holders: &SkuHolders,
    ) -> Result<Result<(), ProductRefused>> {
        let product = &new.product;
        let transaction = Transaction::with_new_token(product.created_at)
            .with_all(create_all(new, holders)?)
            .with_all(count(CategoryCounts::changed(None, Some(product))));
        Ok(resolve(self.0.transact(transaction).await?))
    }

    /// Returns a product of any status with all its variants, withdrawn ones included. 404 if it
    /// does not exist or was deleted.
    pub async fn get(self, id: ProductId, read: Read) -> Result<ProductWithVariants> {
        let (mut product, mut variants, mut stars) = (None, Vec::new(), StarCounts::default());
        for item in self.0.partition(&keys::product(id).pk, read).await? {
            match text_of(&item, TYPE).as_deref() {
                Some(PRODUCT) => product = Some(from_item(item)?),
                Some(VARIANT) => variants.push(from_item::<Variant>(item)?),
                Some(RATING) => stars = from_item(item)?,
                _ => {}
            }
        }
        variants.sort_by_key(|variant| variant.number);
        let product = product.ok_or(Error::NotFound)?;
        Ok(ProductWithVariants { product, variants, stars })
    }

    /// Whether a product is published: it exists, and everybody sees it.
    pub async fn is_published(self, id: ProductId, read: Read) -> Result<bool> {
        let Some(item) = self.0.get(keys::product(id), read).await? else { return Ok(false) };
        let is_product = text_of(&item, TYPE).as_deref() == Some(PRODUCT);
        Ok(is_product && from_item::<Product>(item)?.status == ProductStatus::Active)
    }

    /// Returns the products with these identifiers, by consistent reads; those that do not exist
    /// or were deleted are left out.
    pub async fn get_all(
        self,
        ids: impl IntoIterator<Item = ProductId>,
    ) -> Result<Vec<ProductWithVariants>> {
        let get = |id| async move {
            match self.get(id, Read::Consistent).await {
                Ok(product) => Ok(Some(product)),
                Err(Error::NotFound) => Ok(None),
                Err(error) => Err(error),
            }
        };
        let found = join_bounded(ids.into_iter().map(|id| get(id).boxed()).collect()).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Writes a revision of a product on condition that the stored version is still that of
    /// `before`, and that the SKUs of new and restored variants have the given holders.
    pub async fn replace(
        self,
        before: &Product,
        revision: &Revision,
        holders: &SkuHolders,
        now: Timestamp,
    ) -> Result<Result<(), ProductRefused>> {
        let counts = CategoryCounts::changed(Some(before), Some(&revision.product));
        let transaction = Transaction::with_new_token(now)
            .with_all(replace_all(before, revision, holders, now)?)
            .with_all(count(counts));
        Ok(resolve(self.0.transact(transaction).await?))
    }

    /// Deletes a product on condition that its version is still that of `current`; returns false if
    /// it is not. The variants' items are kept for the orders that refer to them; their
    /// SKUs can be used again.
    pub async fn delete(self, current: &ProductWithVariants, now: Timestamp) -> Result<bool> {
        let id = current.product.id;
        let withdraw = |variant: &Variant| {
            Write::update(keys::variant(id, &variant.sku)).set("status", &VariantStatus::Withdrawn)
        };
        // The pointers of variants that were withdrawn before stay, and may be another product's by
        // now: a SKU whose variant is withdrawn can be used again in any case.
        let transaction = Transaction::with_new_token(now)
            .with(delete(&current.product, now))
            .with_all(count(CategoryCounts::changed(Some(&current.product), None)))
            .with_all(current.current_variants().map(withdraw))
            .with_all(current.current_variants().map(skus::release));
        Ok(self.0.transact(transaction).await?.is_committed())
    }

    /// Returns the identifiers of products of any status that follow `after`, at most `limit`; none
    /// at the end. Deleted products are left out. The order is that of the index: shard by shard,
    /// the oldest first in each. Only a product created during the enumeration, or right before it,
    /// may be missing.
    pub async fn ids(self, after: Option<ProductId>, limit: usize) -> Result<Vec<ProductId>> {
        let first = after.map(keys::product_shard);
        let mut after = after.map(|id| id.to_string());
        let is_done = |shard: &String| first.as_ref().is_some_and(|first| shard < first);
        for shard in keys::product_shards().skip_while(is_done) {
            let query = Query::all(PRODUCTS, shard, Order::Ascending);
            let found = self.0.query(&query, after.take().as_deref(), limit).await?;
            if !found.items.is_empty() {
                let ids = found.items.into_iter().map(|item| Ok(from_item::<Indexed>(item)?.id));
                return ids.collect();
            }
        }
        Ok(Vec::new())
    }

    /// Finds the variants on sale that the selectors name, in the order of `wanted`.
    pub async fn on_sale(self, wanted: &[&VariantSelector], read: Read) -> Result<Vec<OnSale>> {
        let skus = wanted.iter().filter_map(|selector| match selector {
            VariantSelector::Sku(sku) => Some(sku),
            VariantSelector::OnlyVariantOf(_) => None,
        });
        let products = wanted.iter().filter_map(|selector| match selector {
            VariantSelector::Sku(_) => None,
            VariantSelector::OnlyVariantOf(product) => Some(*product),
        });
        let only = products.map(|product| self.only_variant(product, read).boxed()).collect();
        let by_sku = self.by_sku(skus.collect(), read);
        let (by_sku, only) = futures_util::future::try_join(by_sku, join_bounded(only)).await?;
        let mut only = only.into_iter();
        let found = wanted.iter().map(|selector| match selector {
            VariantSelector::Sku(sku) => match by_sku.get(sku) {
                Some(variant) if variant.is_on_sale() => OnSale::One(variant.clone()),
                _ => OnSale::None,
            },
            VariantSelector::OnlyVariantOf(_) => only.next().unwrap_or(OnSale::None),
        });
        Ok(found.collect())
    }

    /// Returns the variants with these keys, in no order; missing ones are left out.
    pub async fn variants<'s>(
        self,
        wanted: impl IntoIterator<Item = (ProductId, &'s Sku)>,
        read: Read,
    ) -> Result<Vec<Variant>> {
        let wanted = wanted.into_iter();
        let keys = wanted.map(|(product, sku)| keys::variant(product, sku)).collect();
        let items = self.0.batch_get(keys, &[], read).await?;
        items.into_iter().map(from_item).collect()
    }

    /// Finds the only variant of a product that is on sale.
    async fn only_variant(self, id: ProductId, read: Read) -> Result<OnSale> {
        let product = match self.get(id, read).await {
            Ok(product) => product,
            Err(Error::NotFound) => return Ok(OnSale::None),
            Err(error) => return Err(error),
        };
        let mut variants = product.current_variants().filter(|variant| variant.is_on_sale());
        Ok(match (variants.next(), variants.next()) {
            (None, _) => OnSale::None,
            (Some(only), None) => OnSale::One(only.clone()),
            (Some(_), Some(_)) => OnSale::Several,
        })
    }

    /// Returns the variants with these SKUs, by SKU; unknown SKUs are left out.
    async fn by_sku(self, skus: HashSet<&Sku>, read: Read) -> Result<HashMap<Sku, Variant>> {
        let pointers = self.sku_pointers(skus, read).await?;
        let wanted = pointers.iter().map(|pointer| (pointer.product_id, &pointer.sku));
        let variants = self.variants(wanted, read).await?;
        Ok(variants.into_iter().map(|variant| (variant.sku.clone(), variant)).collect())
    }
}

/// Returns the writes of a new product with its variants, without those of its category.
fn create_all(new: &ProductWithVariants, holders: &SkuHolders) -> Result<Vec<Write<Refused>>> {
    let ProductWithVariants { product, variants, .. } = new;
    let mut writes = vec![create(product)?.into()];
    for variant in variants {
        writes.extend(holders.claim_new(variant)?);
        writes.push(create_variant(variant, product.created_at)?.into());
    }
    Ok(writes)
}

/// Returns the writes of a product's revision, without those of its categories.
fn replace_all(
    before: &Product,
    revision: &Revision,
    holders: &SkuHolders,
    now: Timestamp,
) -> Result<Vec<Write<Refused>>> {
    let mut writes = vec![replace(before, &revision.product)?.into()];
    writes.extend(revision.changed.iter().map(update_variant).map(Into::into));
    for variant in &revision.restored {
        writes.extend(holders.claim_restored(variant)?);
        writes.push(update_variant(variant).into());
    }
    for variant in &revision.added {
        writes.extend(holders.claim_new(variant)?);
        writes.push(create_variant(variant, now)?.into());
    }
    Ok(writes)
}

fn create(product: &Product) -> Result<Write<Refused, NewItem>> {
    let mut item = to_item(PRODUCT, keys::product(product.id), product)?;
    item.insert(PRODUCTS.partition.to_owned(), text(keys::product_shard(product.id)));
    Ok(Write::create_new(item))
}

fn replace(before: &Product, after: &Product) -> Result<Write<Refused, Changes>> {
    // Products of an older version are not in the index yet.
    let write = Write::update(keys::product(before.id))
        .set_members(after)
        .set_text(PRODUCTS.partition, keys::product_shard(before.id));
    let condition = is(TYPE, PRODUCT).and(is_number("version", before.version));
    Ok(write.when(condition, || Refused::ChangedMeanwhile))
}

fn delete(product: &Product, now: Timestamp) -> Write<Refused, Changes> {
    let condition = is(TYPE, PRODUCT).and(is_number("version", product.version));
    Write::update(keys::product(product.id))
        .set_type(DELETED)
        .change_by("version", 1)
        .set_text("updated_at", now)
        .remove(PRODUCTS.partition)
        .when(condition, || Refused::ChangedMeanwhile)
}

/// Returns the write that creates a variant, with the movement of its initial stock.
fn create_variant(variant: &Variant, now: Timestamp) -> Result<Write<Refused, NewItem>> {
    let mut item = to_item(VARIANT, keys::variant(variant.product_id, &variant.sku), variant)?;
    let movement = Movement::initial(variant.available.get(), now);
    item.insert("movement".to_owned(), value(&movement)?);
    item.insert("movements".to_owned(), number(1));
    Ok(Write::create(item, || Refused::ChangedMeanwhile))
}

/// Returns the update of a variant without its stock, which only stock movements change.
fn update_variant(variant: &Variant) -> Write<Refused, Changes> {
    let mut write = Write::update(keys::variant(variant.product_id, &variant.sku));
    write = write.set_members(variant).without("available");
    write.when(exists(), || Refused::ChangedMeanwhile)
}

/// Returns the writes that change the numbers of products of categories.
fn count(changes: Vec<CategoryCounts>) -> impl Iterator<Item = Write<Refused, Changes>> {
    changes.into_iter().map(|change| {
        let write = categories::count(&change);
        write.map_refusal(|UnknownCategory| Refused::UnknownCategory(change.category))
    })
}

/// Returns why a transaction wrote no product: another version counts before its category, and that
/// before its SKUs.
fn resolve(outcome: Outcome<Refused>) -> Result<(), ProductRefused> {
    let Outcome::Refused(refusals) = outcome else { return Ok(()) };
    let mut skus = Vec::new();
    for refusal in refusals {
        match refusal {
            Refused::ChangedMeanwhile => return Err(ProductRefused::ChangedMeanwhile),
            Refused::UnknownCategory(slug) => return Err(ProductRefused::UnknownCategory(slug)),
            Refused::OtherHolder(sku) => skus.push(sku),
        }
    }
    Err(ProductRefused::OtherHolders(skus))
}
