//! Products with their variants, and the pointers from SKUs.
//!
//! Stock goes down in [`Products::take`] and up in [`Products::give_back`], nowhere else.

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
use crate::domain::product::{
    Product, ProductStatus, ProductWithVariants, Revision, Variant, VariantStatus,
};
use crate::domain::sku::Sku;
use crate::domain::slug::Slug;
use crate::domain::stock::{Movement, StockChange};
use crate::domain::time::Timestamp;

/// The products of the table.
#[derive(Debug, Clone, Copy)]
pub struct Products<'a>(&'a Store);

/// What a customer names, as far as it is on sale.
#[derive(Debug, Clone, PartialEq)]
pub enum OnSale {
    /// Exactly this.
    One(Variant),
    /// A product that comes in several variants.
    Several,
    /// Nothing.
    None,
}

/// Why a variant does not give up its units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaleRefused {
    /// It is gone or not on sale.
    Unavailable,
    /// Fewer units are left.
    OutOfStock {
        /// So many.
        available: u32,
    },
    /// Buyers are told something else of it than when the line was made.
    Changed,
}

/// Why a product was not written.
#[derive(Debug)]
pub enum ProductRefused {
    /// Somebody else changed it in between.
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
    /// Products and their variants.
    pub fn products(&self) -> Products<'_> {
        Products(self)
    }
}

impl<'a> Products<'a> {
    /// Puts up a product. 409 `sku_taken` where another product has one of its SKUs.
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
                Err(Error::internal("a new product was changed"))
            }
        }
    }

    /// A product with all its variants, whoever may see it; 404 for deleted ones.
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

    /// Writes a revision of a product over the version it was made from; false where that is
    /// another by now. 409 `sku_taken` where another product has a new variant's SKU.
    pub async fn replace(
        self,
        before: &Product,
        revision: &Revision,
        now: Timestamp,
    ) -> Result<bool> {
        let mut transaction = Transaction::unnamed(now).with(replace(before, &revision.product)?);
        for variant in &revision.changed {
            transaction = transaction.with(describe(variant));
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

    /// Takes a product out of the shop for good; false where it was changed in between. Its variants
    /// stay for the orders that hold them, its SKUs are free again.
    pub async fn delete(self, current: &ProductWithVariants, now: Timestamp) -> Result<bool> {
        let id = current.product.id;
        let (withdrawn, kept): (Vec<_>, Vec<_>) =
            current.variants.iter().partition(|variant| variant.status == VariantStatus::Withdrawn);
        let withdraw = |variant: &&Variant| {
            Write::update(keys::variant(id, &variant.sku)).set("status", &VariantStatus::Withdrawn)
        };
        let free = |variant: &&Variant| Write::delete(keys::sku(&variant.sku));
        // What is on sale always fits into the first transaction.
        let first = Transaction::unnamed(now)
            .with(delete(&current.product, now))
            .with_all(kept.iter().map(withdraw))
            .with_all(kept.iter().map(free));
        let fits = MAX_WRITES - first.len();
        let (with_it, behind) = withdrawn.split_at(withdrawn.len().min(fits));
        if !self.0.transact(first.with_all(with_it.iter().map(free))).await?.is_committed() {
            return Ok(false);
        }
        for variants in behind.chunks(MAX_WRITES) {
            let free = variants.iter().map(|variant| Write::delete(keys::sku(&variant.sku)));
            let transaction: Transaction<ChangedMeanwhile> =
                Transaction::unnamed(now).with_all(free);
            self.0.transact(transaction).await?;
        }
        Ok(true)
    }

    /// Active products, newest first, of one category or all.
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

    /// What a customer names, in the order in which it is named.
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

    /// Some variants as they are now, in no order; missing ones are left out.
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

    /// Takes units off the shelf, where they are there and buyers are still told what they were told
    /// in this revision.
    pub fn take(self, change: &StockChange, revision: u64) -> Write<SaleRefused, Changes> {
        let units = change.movement.delta.unsigned_abs();
        let condition = is("status", VariantStatus::OnSale)
            .and(match revision {
                0 => absent("revision"),
                revision => is_number("revision", revision),
            })
            .and(compares("available", Comparison::AtLeast, units));
        moved(change).when_judged(condition, move |item| {
            let variant = item.map(from_item::<Variant>).transpose()?;
            Ok(match variant.filter(Variant::is_on_sale) {
                None => SaleRefused::Unavailable,
                Some(variant) if u64::from(variant.available.get()) < units => {
                    SaleRefused::OutOfStock { available: variant.available.get() }
                }
                Some(_) => SaleRefused::Changed,
            })
        })
    }

    /// Puts units back onto the shelf that they were taken from.
    pub fn give_back<R>(self, change: &StockChange) -> Write<R, Changes> {
        moved(change).when_judged(exists(), |_| {
            Err(Error::internal("a variant that an order holds is gone"))
        })
    }

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

    /// The variants of bare SKUs; unknown ones are left out.
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

    /// Which of these products have something to sell: until a projection keeps it in the card,
    /// it is looked up where it is true.
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

/// A movement of units: the number changes together with its cause.
fn moved<R>(change: &StockChange) -> Write<R, Changes> {
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
        .of_type(DELETED)
        .change_by("version", 1)
        .set_text("updated_at", now)
        .remove(NEWEST_PRODUCTS.partition)
        .remove(CATEGORY_PRODUCTS.partition)
        .when(condition, || ChangedMeanwhile)
}

/// What makes a product's item show up in the lists, and what only they show of it.
fn listing(product: &Product) -> [(&'static str, Option<String>); 3] {
    let is_listed = product.status == ProductStatus::Active;
    let category = product.category.as_ref().map(keys::category_listing);
    [
        ("image", product.images.first().map(|image| image.as_str().to_owned())),
        (NEWEST_PRODUCTS.partition, is_listed.then(keys::listing)),
        (CATEGORY_PRODUCTS.partition, category.filter(|_| is_listed)),
    ]
}

type CreateVariant = (Write<ProductRefused, NewItem>, Write<ProductRefused, NewItem>);

/// A pointer whose SKU nobody has, and its variant with the movement that its stock begins with.
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

/// Everything of a variant but its stock, which only movements change.
fn describe(variant: &Variant) -> Write<ProductRefused, Changes> {
    let mut write = Write::update(keys::variant(variant.product_id, &variant.sku));
    write = write.set_members(variant).without("available");
    write.when(exists(), || ProductRefused::ChangedMeanwhile)
}

fn sku_taken(sku: &Sku) -> Error {
    Conflict::new("sku_taken", format!("Another product has the SKU {sku}."))
        .with("sku", sku.as_str())
        .into()
}
