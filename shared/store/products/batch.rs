//! Changes of several products in one transaction.

use std::collections::BTreeMap;

use super::{ProductRefused, Products, SkuHolders, count, create_all, replace_all, resolve};
use crate::domain::error::{Error, Result};
use crate::domain::ids::ProductId;
use crate::domain::product::{CategoryCounts, Product, ProductWithVariants, Revision, Variant};
use crate::domain::slug::Slug;
use crate::domain::time::Timestamp;
use crate::store::transaction::Transaction;

/// A change of a product that is decided, and has to be written.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "most are the larger one, or all are the smaller")]
pub enum ProductChange {
    /// A new product.
    Create(ProductWithVariants),
    /// A revision of the product that was read.
    Replace {
        /// The product that was read; it is written only if it still has this version.
        before: Product,
        /// What is written.
        revision: Revision,
    },
}

impl ProductChange {
    /// Returns the identifier of the product.
    pub fn product_id(&self) -> ProductId {
        match self {
            Self::Create(new) => new.product.id,
            Self::Replace { before, .. } => before.id,
        }
    }

    /// Returns how it changes the numbers of products of categories.
    pub fn counts(&self) -> Vec<CategoryCounts> {
        match self {
            Self::Create(new) => CategoryCounts::changed(None, Some(&new.product)),
            Self::Replace { before, revision } => {
                CategoryCounts::changed(Some(before), Some(&revision.product))
            }
        }
    }

    /// Returns the number of writes, without those of categories and of SKUs that are taken over.
    pub fn writes(&self) -> usize {
        match self {
            Self::Create(new) => 1 + 2 * new.variants.len(),
            Self::Replace { revision, .. } => {
                let claimed = revision.added.len() + revision.restored.len();
                1 + 2 * claimed + revision.changed.len()
            }
        }
    }

    /// Returns about how many bytes are written: those of the items as JSON.
    pub fn bytes(&self) -> Result<usize> {
        let (product, variants): (_, Vec<&Variant>) = match self {
            Self::Create(new) => (&new.product, new.variants.iter().collect()),
            Self::Replace { revision, .. } => {
                let Revision { product, added, restored, changed } = revision;
                (product, added.iter().chain(restored).chain(changed).collect())
            }
        };
        let text = serde_json::to_vec(&(product, variants)).map_err(Error::internal)?;
        Ok(text.len())
    }
}

impl Products<'_> {
    /// Writes the changes of different products together or not at all. Each category is written
    /// once, with the sum of its changes.
    pub async fn write_all(
        self,
        changes: impl IntoIterator<Item = &ProductChange>,
        holders: &SkuHolders,
        now: Timestamp,
    ) -> Result<Result<(), ProductRefused>> {
        let mut transaction = Transaction::with_new_token(now);
        let mut counts: BTreeMap<Slug, CategoryCounts> = BTreeMap::new();
        for change in changes {
            let writes = match change {
                ProductChange::Create(new) => create_all(new, holders)?,
                ProductChange::Replace { before, revision } => {
                    replace_all(before, revision, holders, now)?
                }
            };
            transaction = transaction.with_all(writes);
            for CategoryCounts { category, products, active } in change.counts() {
                let none = CategoryCounts { category: category.clone(), products: 0, active: 0 };
                let sum = counts.entry(category).or_insert(none);
                sum.products += products;
                sum.active += active;
            }
        }
        let changed = counts.into_values().filter(|sum| (sum.products, sum.active) != (0, 0));
        transaction = transaction.with_all(count(changed.collect()));
        Ok(resolve(self.0.transact(transaction).await?))
    }
}
