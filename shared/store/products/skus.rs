//! The pointers from SKUs to products: each SKU is held by the product that its pointer names.
//!
//! A withdrawn variant keeps its SKU until another product needs it. That product then takes the
//! pointer over, in a transaction that checks that the variant is still withdrawn; a withdrawn
//! variant comes back only in a transaction that checks that its product still holds the SKU. So a
//! SKU never has two variants that are not withdrawn.

use std::collections::{HashMap, HashSet};

use futures_util::future::FutureExt;
use serde::{Deserialize, Serialize};

use super::{Products, Refused};
use crate::domain::error::{Conflict, Error, Result};
use crate::domain::ids::ProductId;
use crate::domain::problem_code::ProblemCode;
use crate::domain::product::{Variant, VariantStatus};
use crate::domain::sku::Sku;
use crate::store::expression::is;
use crate::store::item::{from_item, text, to_item};
use crate::store::keys::{self, LOW_STOCK, SKUS};
use crate::store::read::Read;
use crate::store::retry::join_bounded;
use crate::store::write::{OldItem, Write};

/// Which products hold SKUs, as far as it was read. Of a SKU that was not read, a new variant
/// expects that no product holds it, and a restored one that its own product does.
#[derive(Debug, Clone, Default)]
pub struct SkuHolders(HashMap<Sku, Option<ProductId>>);

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::store) struct SkuPointer {
    pub sku: Sku,
    pub product_id: ProductId,
}

const POINTER: &str = "sku";
pub(in crate::store) const HOLDER: &str = "product_id";

impl Products<'_> {
    /// Returns which products hold these SKUs, by consistent reads. 409 `sku_taken` for a SKU whose
    /// variant belongs to another product than `product` and is not withdrawn.
    pub async fn sku_holders(self, product: ProductId, skus: &[Sku]) -> Result<SkuHolders> {
        // One by one: it is rare, and a batch would make two functions link one more call.
        let holders = skus.iter().map(|sku| self.sku_holder(product, sku).boxed()).collect();
        let holders = join_bounded(holders).await?;
        Ok(SkuHolders(skus.iter().cloned().zip(holders).collect()))
    }

    /// Returns which products hold these SKUs, by consistent reads; SKUs that no product holds are
    /// left out. The variant of a SKU may be withdrawn, and its product deleted.
    pub async fn products_of(
        self,
        skus: impl IntoIterator<Item = &Sku>,
    ) -> Result<HashMap<Sku, ProductId>> {
        let skus = skus.into_iter().collect();
        let pointers = self.sku_pointers(skus, Read::Consistent).await?;
        Ok(pointers.into_iter().map(|pointer| (pointer.sku, pointer.product_id)).collect())
    }

    async fn sku_holder(self, product: ProductId, sku: &Sku) -> Result<Option<ProductId>> {
        let pointer = self.0.get(keys::sku(sku), Read::Consistent).await?;
        let Some(pointer) = pointer.map(from_item::<SkuPointer>).transpose()? else {
            return Ok(None);
        };
        let holder = pointer.product_id;
        if holder != product {
            let variant = self.0.get(keys::variant(holder, sku), Read::Consistent).await?;
            let variant = variant.map(from_item::<Variant>).transpose()?;
            if variant.is_none_or(|variant| variant.status != VariantStatus::Withdrawn) {
                return Err(sku_taken(sku));
            }
        }
        Ok(Some(holder))
    }

    /// Returns the pointers of these SKUs; those without one are left out.
    pub(super) async fn sku_pointers(
        self,
        skus: HashSet<&Sku>,
        read: Read,
    ) -> Result<Vec<SkuPointer>> {
        let keys = skus.into_iter().map(keys::sku).collect();
        self.0.batch_get(keys, &[], read).await?.into_iter().map(from_item).collect()
    }
}

impl SkuHolders {
    /// Adds what was read of other SKUs, or of the same ones later.
    pub fn update(&mut self, read: Self) {
        self.0.extend(read.0);
    }

    /// Returns the number of SKUs that would be taken over from another product than `product`,
    /// each of which needs one more write.
    pub fn takeovers(&self, product: ProductId) -> usize {
        self.0.values().flatten().filter(|holder| **holder != product).count()
    }

    /// Returns the writes that make a new variant's product hold its SKU.
    pub(super) fn claim_new(&self, variant: &Variant) -> Result<Vec<Write<Refused>>> {
        self.claim(variant, None)
    }

    /// Returns the writes that make a restored variant's product hold its SKU, or check that it does.
    pub(super) fn claim_restored(&self, variant: &Variant) -> Result<Vec<Write<Refused>>> {
        self.claim(variant, Some(variant.product_id))
    }

    fn claim(&self, variant: &Variant, unread: Option<ProductId>) -> Result<Vec<Write<Refused>>> {
        let Variant { sku, product_id, .. } = variant;
        let key = keys::sku(sku);
        let refused = |sku: &Sku| {
            let sku = sku.clone();
            move || Refused::OtherHolder(sku)
        };
        Ok(match self.0.get(sku).copied().unwrap_or(unread) {
            None => {
                let pointer = SkuPointer { sku: sku.clone(), product_id: *product_id };
                let pointer = to_item(POINTER, key, &pointer)?;
                let create = Write::create(pointer, refused(sku));
                vec![create.with(SKUS.partition, text(keys::sku_shard(sku))).into()]
            }
            Some(holder) if holder == *product_id => {
                vec![Write::check(key).when(is(HOLDER, holder), refused(sku)).into()]
            }
            Some(holder) => {
                // Whether the new holder's stock is low is found out when its variant is stored.
                let take = Write::update(key)
                    .set_text(HOLDER, product_id)
                    .set_text(SKUS.partition, keys::sku_shard(sku))
                    .remove(LOW_STOCK.partition);
                let theirs = Write::check(keys::variant(holder, sku));
                vec![
                    take.when(is(HOLDER, holder), refused(sku)).into(),
                    theirs.when(is("status", VariantStatus::Withdrawn), refused(sku)).into(),
                ]
            }
        })
    }
}

/// Returns the write that frees the SKU of a variant that its product holds.
pub(super) fn release(variant: &Variant) -> Write<Refused, OldItem> {
    let own = is(HOLDER, variant.product_id);
    Write::delete(keys::sku(&variant.sku)).when(own, || Refused::ChangedMeanwhile)
}

fn sku_taken(sku: &Sku) -> Error {
    Conflict::new(ProblemCode::SkuTaken, format!("Another product has the SKU {sku}."))
        .with("sku", sku.as_str())
        .into()
}
