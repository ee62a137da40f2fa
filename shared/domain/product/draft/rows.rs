//! Drafts of the products that the rows of an import describe.

use super::{ProductDraft, VariantDraft};
use crate::domain::invalid::Invalid;
use crate::domain::patch::Patch;
use crate::domain::product::options::Options;
use crate::domain::product::row::{ProductChanges, VariantChanges};
use crate::domain::product::{ProductRow, ProductWithVariants, Variant};

impl ProductDraft {
    /// Creates a draft for rows of an import: one that changes nothing of `current`, or one without
    /// anything for a new product.
    pub fn for_rows(current: Option<&ProductWithVariants>) -> Self {
        let product = current.map(|current| &current.product);
        let variants = current.into_iter().flat_map(ProductWithVariants::current_variants);
        let options = product.map(|product| product.options.labels()).unwrap_or_default();
        Self {
            name: product.map(|product| product.name.clone()),
            description: product.and_then(|product| product.description.clone()),
            category: product.and_then(|product| product.category.clone()),
            brand: product.and_then(|product| product.brand.clone()),
            tags: some_of(product.map(|product| product.tags.clone()).unwrap_or_default()),
            images: some_of(product.map(|product| product.images.clone()).unwrap_or_default()),
            price: product.map(|product| product.price),
            compare_at_price: product.and_then(|product| product.compare_at_price),
            tax_class: product.and_then(|product| product.tax_class.clone()),
            status: product.map(|product| product.status),
            low_stock_threshold: product.and_then(|product| product.low_stock_threshold),
            stock: None,
            options: some_of(options),
            variants: Some(variants.map(|variant| Some(VariantDraft::of(variant))).collect()),
            unreadable: None,
        }
    }

    /// Applies what a row says of its product.
    pub fn change_product(&mut self, row: &ProductRow) {
        let ProductChanges {
            name,
            description,
            category,
            brand,
            tags,
            images,
            price,
            compare_at_price,
            tax_class,
            status,
            low_stock_threshold,
            option_names,
        } = row.product.clone();
        change(&mut self.name, name);
        change(&mut self.description, description);
        change(&mut self.category, category);
        change(&mut self.brand, brand);
        change_list(&mut self.tags, tags);
        change_list(&mut self.images, images);
        change(&mut self.price, price);
        change(&mut self.compare_at_price, compare_at_price);
        change(&mut self.tax_class, tax_class);
        change(&mut self.status, status);
        change(&mut self.low_stock_threshold, low_stock_threshold);
        change_list(&mut self.options, option_names);
    }

    /// Applies what a row says of its variant, which is one of `known` if its SKU is; returns the
    /// variant's index in the draft. The initial stock of a known variant is ignored.
    pub fn change_variant(
        &mut self,
        row: &ProductRow,
        known: &[Variant],
    ) -> Result<usize, Invalid> {
        let variants = self.variants.get_or_insert_default();
        let named =
            |draft: &Option<VariantDraft>| draft.as_ref().is_some_and(|draft| draft.sku == row.sku);
        let index = variants.iter().position(named).unwrap_or(variants.len());
        let stored = known.iter().find(|variant| Some(&variant.sku) == row.sku.as_ref());
        let own = variants.get_mut(index).and_then(Option::take);
        let new = || VariantDraft {
            sku: row.sku.clone(),
            options: Some(Options::default()),
            ..VariantDraft::default()
        };
        let mut draft = own.or(stored.map(VariantDraft::of)).unwrap_or_else(new);
        let changed = draft.change(row, stored.is_none());
        match variants.get_mut(index) {
            Some(place) => *place = Some(draft),
            None => variants.push(Some(draft)),
        }
        changed.map(|()| index)
    }
}

impl VariantDraft {
    fn change(&mut self, row: &ProductRow, is_new: bool) -> Result<(), Invalid> {
        let VariantChanges {
            options,
            price,
            compare_at_price,
            image,
            barcode,
            weight_grams,
            track_stock,
            stock,
        } = row.variant.clone();
        change(&mut self.price, price);
        change(&mut self.compare_at_price, compare_at_price);
        change(&mut self.image, image);
        change(&mut self.barcode, barcode);
        change(&mut self.weight_grams, weight_grams);
        change(&mut self.track_stock, track_stock);
        if is_new {
            change(&mut self.stock, stock);
            self.stock = row.set_stock.or(self.stock);
        }
        match options {
            Patch::Keep => {}
            Patch::Remove => self.options = Some(Options::default()),
            Patch::Set(changes) => {
                let changed = self.options().changed_by(&changes).map_err(|refused| {
                    Invalid::for_field("/options", refused.code, refused.detail)
                })?;
                self.options = Some(changed);
            }
        }
        Ok(())
    }
}

fn change<T>(value: &mut Option<T>, change: Patch<T>) {
    match change {
        Patch::Keep => {}
        Patch::Remove => *value = None,
        Patch::Set(new) => *value = Some(new),
    }
}

fn change_list<T>(list: &mut Vec<Option<T>>, change: Patch<Vec<T>>) {
    match change {
        Patch::Keep => {}
        Patch::Remove => list.clear(),
        Patch::Set(new) => *list = some_of(new),
    }
}

fn some_of<T>(list: Vec<T>) -> Vec<Option<T>> {
    list.into_iter().map(Some).collect()
}
