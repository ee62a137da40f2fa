//! Products with their variants, and the pointers from SKUs to products.
//!
//! After a variant is created, only [`Products::take_from_stock`] lowers its stock and only
//! [`Products::return_to_stock`] raises it.

use std::collections::{HashMap, HashSet};

use futures_util::future::FutureExt;
use serde::{Deserialize, Serialize};

use super::ChangedMeanwhile;
use super::expression::{Comparison, absent, compares, exists, is, is_number};
use super::item::{from_item, number, text, text_of, to_item, value};
use super::keys::{self, CATEGORY_PRODUCTS, NEWEST_PRODUCTS, TYPE};
use super::list::{Order, Query};
use super::read::Read;
use super::retry::join_bounded;
use super::table::Store;
use super::transaction::{MAX_WRITES, Transaction};
use super::write::{Changes, NewItem, Write};
use crate::domain::basket::VariantSelector;
use crate::domain::card::Card;
use crate::domain::error::{Conflict, Error, Result};
use crate::domain::ids::ProductId;
use crate::domain::page::{Page, Paging};
use crate::domain::problem_code::ProblemCode;
use crate::domain::product::{
    Product, ProductStatus, ProductWithVariants, Revision, Variant, VariantStatus,
};
use crate::domain::sku::Sku;
use crate::domain::slug::Slug;
use crate::domain::stock::{Movement, StockChange};
use crate::domain::time::Timestamp;

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

/// Why units of a variant can't be sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaleRefused {
    /// The variant does not exist or is not on sale.
    Unavailable,
    /// Fewer units are in stock than requested.
    OutOfStock {
        /// The units in stock.
        available: u32,
    },
    /// The variant's name, options or price changed after the cart line was made.
    RevisionChanged,
}

/// Why a product was not written.
#[derive(Debug)]
pub enum ProductRefused {
    /// Another request changed it after it was read.
    ChangedMeanwhile,
    /// Another product has the SKU.
    SkuTaken(Sku),
}

#[derive(Debug, Serialize, Deserialize)]
struct SkuPointer {
    sku: Sku,
    product_id: ProductId,
}

#[derive(Debug, Deserialize)]
struct Availability {
    product_id: ProductId,
    #[serde(default)]
    available: u32,
}

const PRODUCT: &str = "product";
const VARIANT: &str = "variant";
const DELETED: &str = "deleted_product";

impl Store {
    /// Returns the store's operations on products and their variants.
    pub fn products(&self) -> Products<'_> {
        Products(self)
    }
}

impl<'a> Products<'a> {
    /// Creates a product with its variants. 409 `sku_taken` if another product has one of its SKUs.
    pub async fn create(self, new: &ProductWithVariants) -> Result<()> {
        let ProductWithVariants { product, variants } = new;
        let mut transaction = Transaction::new(product.id.uuid()).with(create(product)?);
        for variant in variants {
            let (pointer, variant) = create_variant(variant, product.created_at)?;
            transaction = transaction.with(pointer).with(variant);
        }
        match self.0.transact(transaction).await?.first() {
            Ok(()) => Ok(()),
            Err(ProductRefused::SkuTaken(sku)) => Err(sku_taken(&sku)),
            Err(ProductRefused::ChangedMeanwhile) => {
                Err(Error::internal("creating a product failed with a version error"))
            }
        }
    }

    /// Returns a product of any status with all its variants, withdrawn ones included. 404 if it
    /// does not exist or was deleted.
    pub async fn get(self, id: ProductId, read: Read) -> Result<ProductWithVariants> {
        let (mut product, mut variants) = (None, Vec::new());
        for item in self.0.partition(&keys::product(id).pk, read).await? {
            match text_of(&item, TYPE).as_deref() {
                Some(PRODUCT) => product = Some(from_item(item)?),
                Some(VARIANT) => variants.push(from_item::<Variant>(item)?),
                _ => {}
            }
        }
        variants.sort_by_key(|variant| variant.number);
        let product = product.ok_or(Error::NotFound)?;
        Ok(ProductWithVariants { product, variants })
    }

    /// Writes a revision of a product on condition that the stored version is still that of
    /// `before`; returns false if it is not. 409 `sku_taken` if another product has a new variant's
    /// SKU.
    pub async fn replace(
        self,
        before: &Product,
        revision: &Revision,
        now: Timestamp,
    ) -> Result<bool> {
        let mut transaction =
            Transaction::with_new_token(now).with(replace(before, &revision.product)?);
        for variant in &revision.changed {
            transaction = transaction.with(update_variant(variant));
        }
        for variant in &revision.added {
            let (pointer, variant) = create_variant(variant, now)?;
            transaction = transaction.with(pointer).with(variant);
        }
        match self.0.transact(transaction).await?.first() {
            Ok(()) => Ok(true),
            Err(ProductRefused::ChangedMeanwhile) => Ok(false),
            Err(ProductRefused::SkuTaken(sku)) => Err(sku_taken(&sku)),
        }
    }

    /// Deletes a product on condition that its version is still that of `current`; returns false if
    /// it is not. The variants' items are kept for the orders that refer to them; their
    /// SKUs can be used again.
    pub async fn delete(self, current: &ProductWithVariants, now: Timestamp) -> Result<bool> {
        let id = current.product.id;
        let (withdrawn, current_variants): (Vec<_>, Vec<_>) =
            current.variants.iter().partition(|variant| variant.status == VariantStatus::Withdrawn);
        let withdraw = |variant: &&Variant| {
            Write::update(keys::variant(id, &variant.sku)).set("status", &VariantStatus::Withdrawn)
        };
        let free = |variant: &&Variant| Write::delete(keys::sku(&variant.sku));
        // A product has at most 40 variants that are not withdrawn: they fit into one transaction.
        let first = Transaction::with_new_token(now)
            .with(delete(&current.product, now))
            .with_all(current_variants.iter().map(withdraw))
            .with_all(current_variants.iter().map(free));
        let capacity = MAX_WRITES - first.len();
        let (first_part, rest) = withdrawn.split_at(withdrawn.len().min(capacity));
        if !self.0.transact(first.with_all(first_part.iter().map(free))).await?.is_committed() {
            return Ok(false);
        }
        for variants in rest.chunks(MAX_WRITES) {
            let free = variants.iter().map(|variant| Write::delete(keys::sku(&variant.sku)));
            let transaction: Transaction<ChangedMeanwhile> =
                Transaction::with_new_token(now).with_all(free);
            self.0.transact(transaction).await?;
        }
        Ok(true)
    }

    /// Returns a page of active products, newest first, of one category or of all.
    pub async fn newest(self, category: Option<&Slug>, paging: &Paging) -> Result<Page<Card>> {
        let (index, partition) = match category {
            None => (NEWEST_PRODUCTS, keys::listing()),
            Some(category) => (CATEGORY_PRODUCTS, keys::category_listing(category)),
        };
        let named = category.map(ToString::to_string).unwrap_or_default();
        let query = Query { named, ..Query::all(index, partition, Order::Descending) };
        let mut page: Page<Card> = self.0.list(&query, paging).await?;
        let in_stock = self.in_stock(&page.items).await?;
        for card in &mut page.items {
            card.in_stock = in_stock.contains(&card.id);
        }
        Ok(page)
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

    /// Returns the write that takes units of a variant from stock. Rejected unless the variant is
    /// on sale, has enough units, and has the revision that the buyer was shown (0: it has none).
    pub fn take_from_stock(
        self,
        change: &StockChange,
        revision: u64,
    ) -> Write<SaleRefused, Changes> {
        let units = change.movement.delta.unsigned_abs();
        let condition = is("status", VariantStatus::OnSale)
            .and(match revision {
                0 => absent("revision"),
                revision => is_number("revision", revision),
            })
            .and(compares("available", Comparison::AtLeast, units));
        stock_update(change).when_with_item(condition, move |item| {
            let variant = item.map(from_item::<Variant>).transpose()?;
            Ok(match variant.filter(Variant::is_on_sale) {
                None => SaleRefused::Unavailable,
                Some(variant) if u64::from(variant.available.get()) < units => {
                    SaleRefused::OutOfStock { available: variant.available.get() }
                }
                Some(_) => SaleRefused::RevisionChanged,
            })
        })
    }

    /// Returns the write that returns units of an order to the stock of their variant.
    pub fn return_to_stock<R>(self, change: &StockChange) -> Write<R, Changes> {
        stock_update(change).when_with_item(exists(), |_| {
            Err(Error::internal("a variant that an order refers to does not exist"))
        })
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
        if skus.is_empty() {
            return Ok(HashMap::new());
        }
        let pointers = skus.into_iter().map(keys::sku).collect();
        let pointers = self.0.batch_get(pointers, &[], read).await?;
        let pointers: Vec<SkuPointer> =
            pointers.into_iter().map(from_item).collect::<Result<_>>()?;
        if pointers.is_empty() {
            return Ok(HashMap::new());
        }
        let wanted = pointers.iter().map(|pointer| (pointer.product_id, &pointer.sku));
        let variants = self.variants(wanted, read).await?;
        Ok(variants.into_iter().map(|variant| (variant.sku.clone(), variant)).collect())
    }

    /// Returns which of these products have a variant in stock, by eventually consistent reads of
    /// all their variants. The card does not hold it: nothing updates the card when stock changes.
    async fn in_stock(self, cards: &[Card]) -> Result<HashSet<ProductId>> {
        let keys = cards.iter().flat_map(|card| {
            let key = |sku| keys::variant(card.id, sku);
            card.skus.iter().map(key)
        });
        let read = self.0.batch_get(keys.collect(), &["product_id", "available"], Read::Eventual);
        let mut in_stock = HashSet::new();
        for item in read.await? {
            let variant: Availability = from_item(item)?;
            if variant.available > 0 {
                in_stock.insert(variant.product_id);
            }
        }
        Ok(in_stock)
    }
}

/// Returns the update of a variant for a stock movement: the number of units changes together with
/// the record of its cause.
fn stock_update<R>(change: &StockChange) -> Write<R, Changes> {
    Write::update(keys::variant(change.product_id, &change.sku))
        .change_by("available", change.movement.delta)
        .set("movement", &change.movement)
        .change_by("movements", 1)
}

fn create(product: &Product) -> Result<Write<ProductRefused, NewItem>> {
    let mut item = to_item(PRODUCT, keys::product(product.id), product)?;
    for (name, value) in listing(product) {
        if let Some(value) = value {
            item.insert(name.to_owned(), text(value));
        }
    }
    Ok(Write::create_new(item))
}

fn replace(before: &Product, after: &Product) -> Result<Write<ProductRefused, Changes>> {
    let mut write = Write::update(keys::product(before.id)).set_members(after);
    for (name, value) in listing(after) {
        write = write.set(name, &value);
    }
    let condition = is(TYPE, PRODUCT).and(is_number("version", before.version));
    Ok(write.when(condition, || ProductRefused::ChangedMeanwhile))
}

fn delete(product: &Product, now: Timestamp) -> Write<ChangedMeanwhile, Changes> {
    let condition = is(TYPE, PRODUCT).and(is_number("version", product.version));
    Write::update(keys::product(product.id))
        .set_type(DELETED)
        .change_by("version", 1)
        .set_text("updated_at", now)
        .remove(NEWEST_PRODUCTS.partition)
        .remove(CATEGORY_PRODUCTS.partition)
        .when(condition, || ChangedMeanwhile)
}

/// Returns the attributes that a product's item has only for lists: its image, and the partition
/// keys of the indexes, which are absent (`None`) if the product is not listed.
fn listing(product: &Product) -> [(&'static str, Option<String>); 3] {
    let is_listed = product.status == ProductStatus::Active;
    let category = product.category.as_ref().map(keys::category_listing);
    [
        ("image", product.main_image().map(|url| url.as_str().to_owned())),
        (NEWEST_PRODUCTS.partition, is_listed.then(keys::listing)),
        (CATEGORY_PRODUCTS.partition, category.filter(|_| is_listed)),
    ]
}

type CreateVariant = (Write<ProductRefused, NewItem>, Write<ProductRefused, NewItem>);

/// Returns the writes that create a SKU pointer and its variant, with the movement of its initial
/// stock; rejected if the SKU is taken.
fn create_variant(variant: &Variant, now: Timestamp) -> Result<CreateVariant> {
    let Variant { sku, product_id, .. } = variant;
    let pointer = SkuPointer { product_id: *product_id, sku: sku.clone() };
    let pointer = to_item("sku", keys::sku(sku), &pointer)?;
    let mut item = to_item(VARIANT, keys::variant(*product_id, sku), variant)?;
    let movement = Movement::initial(variant.available.get(), now);
    item.insert("movement".to_owned(), value(&movement)?);
    item.insert("movements".to_owned(), number(1));
    let taken = sku.clone();
    let pointer = Write::create(pointer, move || ProductRefused::SkuTaken(taken));
    let taken = sku.clone();
    Ok((pointer, Write::create(item, move || ProductRefused::SkuTaken(taken))))
}

/// Returns the update of a variant without its stock, which only stock movements change.
fn update_variant(variant: &Variant) -> Write<ProductRefused, Changes> {
    let mut write = Write::update(keys::variant(variant.product_id, &variant.sku));
    write = write.set_members(variant).without("available");
    write.when(exists(), || ProductRefused::ChangedMeanwhile)
}

fn sku_taken(sku: &Sku) -> Error {
    Conflict::new(ProblemCode::SkuTaken, format!("Another product has the SKU {sku}."))
        .with("sku", sku.as_str())
        .into()
}
