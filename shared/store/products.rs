//! Products with their variants, the pointers from SKUs, and the lists.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::db::{List, Read, Store};
use super::item::{Item, from_item, number, text, to_item, value};
use super::keys::{self, CATEGORY_PRODUCTS, NEWEST_PRODUCTS, TYPE};
use super::transaction::{MAX_WRITES, Outcome, Write, unique_token};
use crate::domain::basket::VariantSelector;
use crate::domain::card::Card;
use crate::domain::error::{Conflict, Error, Result};
use crate::domain::ids::ProductId;
use crate::domain::invalid::Invalid;
use crate::domain::page::{Page, Part};
use crate::domain::product::{
    Product, ProductStatus, ProductWithVariants, Revision, Variant, VariantStatus,
};
use crate::domain::sku::Sku;
use crate::domain::slug::Slug;
use crate::domain::stock::Movement;
use crate::domain::time::Timestamp;
use crate::domain::version::Expected;

#[derive(Debug, Serialize, Deserialize)]
struct SkuPointer {
    product_id: ProductId,
}

#[derive(Debug, Deserialize)]
struct Availability {
    product_id: ProductId,
    #[serde(default)]
    available: u32,
}

impl Store {
    /// Puts up a product whose SKUs nobody has.
    pub async fn create_product(&self, new: &ProductWithVariants) -> Result<()> {
        let ProductWithVariants { product, variants } = new;
        let mut writes = vec![Write::create(product_item(product)?)];
        for variant in variants {
            writes.extend(create_variant(variant, product.created_at)?);
        }
        match self.transact(product.id.uuid(), &writes).await? {
            Outcome::Committed => Ok(()),
            Outcome::Refused(verdicts) => {
                let taken = (1..).step_by(2).zip(variants).find(|(position, _)| {
                    verdicts.get(*position).is_some_and(|v| v.clone().failed().is_some())
                });
                match taken {
                    Some((_, variant)) => Err(sku_taken(&variant.sku)),
                    None => Err(Error::internal("a new product's identifier is taken")),
                }
            }
        }
    }

    /// A product with all its variants, whoever may see it; deleted ones are gone.
    pub async fn product(&self, id: ProductId) -> Result<ProductWithVariants> {
        self.read_product(id, Read::Eventual).await
    }

    /// Describes a product anew: `describe` makes the revision out of the product as it is.
    pub async fn replace_product(
        &self,
        id: ProductId,
        expected: Expected,
        now: Timestamp,
        describe: impl Fn(&ProductWithVariants) -> Result<Revision, Invalid>,
    ) -> Result<ProductWithVariants> {
        for pause in super::transaction::pauses() {
            let current = self.read_product(id, Read::Consistent).await?;
            expected.check(current.product.version)?;
            let revision = describe(&current)?;
            match self.write_revision(&current, &revision, now).await? {
                Written::Yes => return Ok(current.revised(revision)),
                Written::SkuTaken(sku) => return Err(sku_taken(&sku)),
                Written::Overtaken => tokio::time::sleep(pause).await,
            }
        }
        Err(Error::unavailable("a product changes faster than it can be replaced"))
    }

    /// Takes a product out of the shop for good. Its variants stay for the orders that hold them,
    /// its SKUs are free again.
    pub async fn delete_product(
        &self,
        id: ProductId,
        expected: Expected,
        now: Timestamp,
    ) -> Result<()> {
        for pause in super::transaction::pauses() {
            let current = self.read_product(id, Read::Consistent).await?;
            expected.check(current.product.version)?;
            let version = current.product.version;
            let mut writes = vec![
                Write::update(
                    keys::product(id),
                    "SET #type = :deleted, version = :next, updated_at = :now \
                     REMOVE listing, category_listing",
                )
                .when("version = :version AND #type = :product")
                .name("#type", TYPE)
                .value(":deleted", text(DELETED))
                .value(":product", text(PRODUCT))
                .value(":version", value(&version)?)
                .value(":next", value(&(version + 1))?)
                .value(":now", text(now)),
            ];
            let (withdrawn, kept): (Vec<_>, Vec<_>) =
                current.variants.iter().partition(|v| v.status == VariantStatus::Withdrawn);
            for variant in &kept {
                writes.push(
                    Write::update(keys::variant(id, &variant.sku), "SET #status = :withdrawn")
                        .name("#status", "status")
                        .value(":withdrawn", value(&VariantStatus::Withdrawn)?),
                );
            }
            let skus = kept.iter().chain(&withdrawn).map(|variant| keys::sku(&variant.sku));
            writes.extend(skus.map(Write::delete));
            // What is on sale always fits into the first transaction.
            let (all_at_once, old_skus) = writes.split_at(writes.len().min(MAX_WRITES));
            match self.transact(unique_token(now), all_at_once).await? {
                Outcome::Committed => {
                    for skus in old_skus.chunks(MAX_WRITES) {
                        self.transact(unique_token(now), skus).await?;
                    }
                    return Ok(());
                }
                Outcome::Refused(_) => tokio::time::sleep(pause).await,
            }
        }
        Err(Error::unavailable("a product changes faster than it can be deleted"))
    }

    /// Active products, newest first, of one category or all.
    pub async fn newest_products(
        &self,
        category: Option<&Slug>,
        part: Part<ProductId>,
    ) -> Result<Page<Card, ProductId>> {
        let (index, partition) = match category {
            None => (NEWEST_PRODUCTS, keys::listing()),
            Some(category) => (CATEGORY_PRODUCTS, keys::category_listing(category)),
        };
        let list = List { index, partition, status: None };
        let mut page: Page<Card, _> = self.list(list, part, keys::product).await?;
        let in_stock = self.products_in_stock(&page.items).await?;
        for card in &mut page.items {
            card.in_stock = in_stock.contains(&card.id);
        }
        Ok(page)
    }

    /// One variant, found by its product and SKU.
    pub async fn variant(&self, product: ProductId, sku: &Sku) -> Result<Option<Variant>> {
        let item = self.get(keys::variant(product, sku), Read::Eventual).await?;
        item.map(from_item).transpose()
    }

    /// What a customer names, if it is sold.
    pub async fn variant_on_sale(&self, which: &VariantSelector) -> Result<Option<Variant>> {
        let variant = match which {
            VariantSelector::OnlyVariantOf(product) => {
                self.only_variant(*product, "", Read::Eventual).await?
            }
            VariantSelector::Sku(sku) => match self.product_of_sku(sku).await? {
                Some(product) => self.variant(product, sku).await?,
                None => None,
            },
        };
        Ok(variant.filter(Variant::is_on_sale))
    }

    /// The one variant on sale of a product; `None` where the product is not sold.
    pub(super) async fn only_variant(
        &self,
        id: ProductId,
        pointer: &str,
        read: Read,
    ) -> Result<Option<Variant>> {
        let product = match self.read_product(id, read).await {
            Ok(product) => product,
            Err(Error::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut variants = product.current_variants().filter(|variant| variant.is_on_sale());
        match (variants.next(), variants.next()) {
            (first, None) => Ok(first.cloned()),
            (_, Some(_)) => Err(Error::invalid(
                &format!("{pointer}/product_id"),
                "variant_required",
                "This product comes in several variants; name the one you want by its `sku`.",
            )),
        }
    }

    /// The product that a bare SKU belongs to.
    async fn product_of_sku(&self, sku: &Sku) -> Result<Option<ProductId>> {
        let item = self.get(keys::sku(sku), Read::Eventual).await?;
        Ok(item.map(from_item::<SkuPointer>).transpose()?.map(|pointer| pointer.product_id))
    }

    /// The products that bare SKUs belong to; unknown ones are left out.
    pub(super) async fn products_of_skus(
        &self,
        skus: &HashSet<&Sku>,
        read: Read,
    ) -> Result<HashMap<Sku, ProductId>> {
        let wanted = skus.iter().map(|sku| keys::sku(sku)).collect();
        let mut found = HashMap::new();
        for item in self.batch_get(wanted, None, read).await? {
            let sku = super::db::text_of(&item, "sku").unwrap_or_default();
            let pointer: SkuPointer = from_item(item)?;
            found.insert(
                Sku::parse(sku).map_err(|e| Error::internal(e.detail))?,
                pointer.product_id,
            );
        }
        Ok(found)
    }

    /// Some variants as they are now, in no order; missing ones are left out.
    pub async fn variants<'a>(
        &self,
        wanted: impl IntoIterator<Item = (ProductId, &'a Sku)>,
    ) -> Result<Vec<Variant>> {
        self.read_variants(wanted, Read::Eventual).await
    }

    pub(super) async fn read_variants<'a>(
        &self,
        wanted: impl IntoIterator<Item = (ProductId, &'a Sku)>,
        read: Read,
    ) -> Result<Vec<Variant>> {
        let keys: Vec<_> =
            wanted.into_iter().map(|(product, sku)| keys::variant(product, sku)).collect();
        let items = self.batch_get(keys, None, read).await?;
        items.into_iter().map(from_item).collect()
    }

    async fn read_product(&self, id: ProductId, read: Read) -> Result<ProductWithVariants> {
        let (mut product, mut variants) = (None, Vec::new());
        for item in self.partition(&keys::product(id).pk, read).await? {
            match super::db::text_of(&item, TYPE).as_deref() {
                Some(PRODUCT) => product = Some(from_item(item)?),
                Some(VARIANT) => variants.push(from_item::<Variant>(item)?),
                _ => {}
            }
        }
        variants.sort_by_key(|variant| variant.number);
        let product = product.ok_or(Error::NotFound)?;
        Ok(ProductWithVariants { product, variants })
    }

    async fn write_revision(
        &self,
        current: &ProductWithVariants,
        revision: &Revision,
        now: Timestamp,
    ) -> Result<Written> {
        let version = current.product.version;
        let mut writes = vec![
            Write::put(product_item(&revision.product)?)
                .when("version = :version AND #type = :product")
                .name("#type", TYPE)
                .value(":product", text(PRODUCT))
                .value(":version", value(&version)?),
        ];
        for variant in &revision.changed {
            writes.push(describe_variant(variant)?);
        }
        let first_added = writes.len();
        for variant in &revision.added {
            writes.extend(create_variant(variant, now)?);
        }
        refuse_beyond_one_transaction(&writes)?;
        let verdicts = match self.transact(unique_token(now), &writes).await? {
            Outcome::Committed => return Ok(Written::Yes),
            Outcome::Refused(verdicts) => verdicts,
        };
        if verdicts.first().is_some_and(|product| product.clone().failed().is_some()) {
            return Ok(Written::Overtaken);
        }
        let taken = (first_added..).step_by(2).zip(&revision.added).find(|(position, _)| {
            verdicts.get(*position).is_some_and(|verdict| verdict.clone().failed().is_some())
        });
        Ok(taken.map_or(Written::Overtaken, |(_, variant)| Written::SkuTaken(variant.sku.clone())))
    }

    /// Which of these products have something to sell: until a projection keeps it in the card,
    /// it is looked up where it is true.
    async fn products_in_stock(&self, cards: &[Card]) -> Result<HashSet<ProductId>> {
        let keys: Vec<_> = cards
            .iter()
            .flat_map(|card| card.skus.iter().map(|sku| keys::variant(card.id, sku)))
            .collect();
        let items = self.batch_get(keys, Some("product_id, available"), Read::Eventual).await?;
        let mut in_stock = HashSet::new();
        for item in items {
            let variant: Availability = from_item(item)?;
            if variant.available > 0 {
                in_stock.insert(variant.product_id);
            }
        }
        Ok(in_stock)
    }
}

enum Written {
    Yes,
    Overtaken,
    SkuTaken(Sku),
}

const PRODUCT: &str = "product";
const VARIANT: &str = "variant";
const DELETED: &str = "deleted_product";

fn product_item(product: &Product) -> Result<Item> {
    let mut item = to_item(PRODUCT, keys::product(product.id), product)?;
    if let Some(image) = product.images.first() {
        item.insert("image".to_owned(), text(image.as_str()));
    }
    if product.status == ProductStatus::Active {
        item.insert(NEWEST_PRODUCTS.partition.to_owned(), text(keys::listing()));
        if let Some(category) = &product.category {
            let listing = keys::category_listing(category);
            item.insert(CATEGORY_PRODUCTS.partition.to_owned(), text(listing));
        }
    }
    Ok(item)
}

/// A pointer whose SKU nobody has, and its variant with the movement that its stock begins with.
fn create_variant(variant: &Variant, now: Timestamp) -> Result<[Write; 2]> {
    let pointer = SkuPointer { product_id: variant.product_id };
    let mut pointer = to_item("sku", keys::sku(&variant.sku), &pointer)?;
    pointer.insert("sku".to_owned(), text(&variant.sku));
    let mut item = to_item(VARIANT, keys::variant(variant.product_id, &variant.sku), variant)?;
    let movement = Movement::initial(variant.available.get(), now);
    item.insert("movement".to_owned(), value(&movement)?);
    item.insert("movements".to_owned(), number(1));
    Ok([Write::create(pointer), Write::create(item)])
}

/// Everything of a variant but its stock, which only movements change.
fn describe_variant(variant: &Variant) -> Result<Write> {
    let image = variant.image.as_ref().map_or("REMOVE image", |_| "");
    let set_image = variant.image.as_ref().map_or("", |_| ", image = :image");
    let (remove_threshold, set_threshold) = match variant.low_stock_threshold {
        Some(_) => ("", ", low_stock_threshold = :threshold"),
        None => ("low_stock_threshold", ""),
    };
    let removed: Vec<_> = [image.trim_start_matches("REMOVE "), remove_threshold]
        .into_iter()
        .filter(|name| !name.is_empty())
        .collect();
    let remove =
        if removed.is_empty() { String::new() } else { format!(" REMOVE {}", removed.join(", ")) };
    let expression = format!(
        "SET #name = :name, options = :options, price = :price, own_price = :own_price, \
         #status = :status{set_image}{set_threshold}{remove}"
    );
    let mut write = Write::update(keys::variant(variant.product_id, &variant.sku), expression)
        .when("attribute_exists(pk)")
        .name("#name", "name")
        .name("#status", "status")
        .value(":name", value(&variant.name)?)
        .value(":options", value(&variant.options)?)
        .value(":price", value(&variant.price)?)
        .value(":own_price", value(&variant.own_price)?)
        .value(":status", value(&variant.status)?);
    if let Some(image) = &variant.image {
        write = write.value(":image", text(image.as_str()));
    }
    if let Some(threshold) = variant.low_stock_threshold {
        write = write.value(":threshold", number(threshold.get()));
    }
    Ok(write)
}

fn refuse_beyond_one_transaction(writes: &[Write]) -> Result<()> {
    if writes.len() <= MAX_WRITES {
        return Ok(());
    }
    let detail = "This changes too many variants at once; do it in two steps, the first leaving \
                  out the new ones.";
    Err(Error::invalid("/variants", "too_many_changes", detail))
}

fn sku_taken(sku: &Sku) -> Error {
    Conflict::new("sku_taken", format!("Another product has the SKU {sku}."))
        .with("sku", sku.as_str())
        .into()
}
