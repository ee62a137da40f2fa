//! Products as admins describe them.

use std::collections::HashSet;

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Map, MergeWithError, Value, ValueKind,
    ValuePointerRef, take_cf_content,
};

use super::{Options, Product, ProductStatus, ProductWithVariants, Variant, VariantStatus};
use crate::domain::ids::ProductId;
use crate::domain::invalid::{Invalid, Refused};
use crate::domain::money::{Currency, Money};
use crate::domain::quantity::Stock;
use crate::domain::sku::Sku;
use crate::domain::slug::Slug;
use crate::domain::text::{Description, ImageUrl, Label, Name};
use crate::domain::time::Timestamp;

/// A product as an admin describes it.
#[derive(Debug, Clone, Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
pub struct ProductDraft {
    name: Name,
    #[deserr(default)]
    description: Option<Description>,
    #[deserr(default)]
    category: Option<Slug>,
    #[deserr(default)]
    brand: Option<Name>,
    #[deserr(default)]
    tags: Option<Vec<Label>>,
    #[deserr(default)]
    images: Option<Vec<ImageUrl>>,
    price: Money,
    #[deserr(default)]
    status: Option<ProductStatus>,
    #[deserr(default)]
    low_stock_threshold: Option<Stock>,
    #[deserr(default)]
    stock: Option<Stock>,
    #[deserr(default)]
    variants: Option<Vec<VariantDraft>>,
}

/// A variant as an admin describes it.
#[derive(Debug, Clone, Default, Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
pub struct VariantDraft {
    #[deserr(default)]
    sku: Option<Sku>,
    #[deserr(default, from(OptionsDraft) = OptionsDraft::into)]
    options: Options,
    #[deserr(default)]
    price: Option<Money>,
    #[deserr(default)]
    stock: Option<Stock>,
}

/// What changes when a product is described anew.
#[derive(Debug)]
pub struct Revision {
    /// The product as it is then.
    pub product: Product,
    /// Variants that are new.
    pub added: Vec<Variant>,
    /// Variants that stay, were changed, or were withdrawn; stock untouched.
    pub changed: Vec<Variant>,
}

/// The most variants on sale of one product.
pub const MAX_VARIANTS: usize = 40;
const MAX_TAGS: usize = 20;
const MAX_IMAGES: usize = 20;
const MAX_OPTIONS: usize = 5;

impl ProductDraft {
    /// Makes a new product of it. `currency` is the shop's.
    pub fn create(
        self,
        id: ProductId,
        currency: Currency,
        now: Timestamp,
    ) -> Result<ProductWithVariants, Invalid> {
        self.check(currency)?;
        let status = self.status.unwrap_or(ProductStatus::Active);
        let drafts = self
            .variants
            .clone()
            .unwrap_or_else(|| vec![VariantDraft { stock: self.stock, ..VariantDraft::default() }]);
        let mut product = self.into_product(id, status, 1, now, now);
        let variants: Vec<_> = drafts
            .into_iter()
            .enumerate()
            .map(|(index, draft)| draft.into_variant(&product, index + 1))
            .collect();
        product.summarize(&variants);
        Ok(ProductWithVariants { product, variants })
    }

    /// Describes `current` anew.
    ///
    /// A variant is recognised by its SKU, or without one by its options. One that is left out is
    /// withdrawn from sale; without any `variants` they stay as they are. A variant's price that
    /// merely repeats the product's former price is no price of its own: it follows the product.
    pub fn revise(
        &self,
        current: &ProductWithVariants,
        currency: Currency,
        now: Timestamp,
    ) -> Result<Revision, Invalid> {
        self.check(currency)?;
        if self.stock.is_some() {
            return Err(use_inventory("/stock"));
        }
        let ProductWithVariants { product: current, variants } = current;
        let status = self.status.unwrap_or(current.status);
        let draft = self.clone();
        let mut product =
            draft.into_product(current.id, status, current.version + 1, current.created_at, now);

        let mut revised = match self.variants.clone() {
            Some(drafts) => revise_listed(drafts, &product, variants)?,
            None => variants
                .iter()
                .map(|variant| match variant.status {
                    VariantStatus::Withdrawn => variant.clone(),
                    _ => variant.describe(&product, variant.options.clone(), None),
                })
                .collect(),
        };
        revised.sort_by_key(|variant| variant.number);
        product.summarize(&revised);

        let known = |sku: &Sku| variants.iter().find(|variant| variant.sku == *sku);
        let (kept, added): (Vec<_>, Vec<_>) =
            revised.into_iter().partition(|variant| known(&variant.sku).is_some());
        let changed =
            kept.into_iter().filter(|variant| known(&variant.sku) != Some(variant)).collect();
        Ok(Revision { product, added, changed })
    }

    fn check(&self, currency: Currency) -> Result<(), Invalid> {
        let variants = self.variants.as_deref().unwrap_or_default();
        let mut broken = Vec::new();
        broken.extend(self.price.in_shop_currency(currency, "/price").err());
        for (index, variant) in variants.iter().enumerate() {
            let pointer = format!("/variants/{index}/price");
            broken.extend(
                variant.price.and_then(|price| price.in_shop_currency(currency, &pointer).err()),
            );
        }
        let mut refuse = |pointer: &str, code, detail: String| {
            broken.push(Invalid::field(pointer, code, detail));
        };
        for (pointer, count, max) in [
            ("/tags", self.tags.as_deref().map_or(0, <[_]>::len), MAX_TAGS),
            ("/images", self.images.as_deref().map_or(0, <[_]>::len), MAX_IMAGES),
            ("/variants", variants.len(), MAX_VARIANTS),
        ] {
            if count > max {
                refuse(pointer, "too_many", format!("Must have at most {max} elements."));
            }
        }
        if self.variants.as_ref().is_some_and(Vec::is_empty) {
            let detail = "A product has at least one variant; leave the field out for just one.";
            refuse("/variants", "too_few", detail.into());
        }
        if self.stock.is_some() && self.variants.is_some() {
            let detail = "Stock belongs to each variant where there are variants.";
            refuse("/stock", "stock_of_variants", detail.into());
        }
        let (mut skus, mut options) = (HashSet::new(), HashSet::new());
        for (index, variant) in variants.iter().enumerate() {
            if variant.sku.as_ref().is_some_and(|sku| !skus.insert(sku)) {
                let pointer = format!("/variants/{index}/sku");
                refuse(&pointer, "duplicate", "Another variant has this SKU.".into());
            }
            if !options.insert(&variant.options) {
                let pointer = format!("/variants/{index}/options");
                refuse(&pointer, "duplicate", "Another variant has these options.".into());
            }
        }
        Invalid::collect(broken)
    }

    fn into_product(
        self,
        id: ProductId,
        status: ProductStatus,
        version: u64,
        created_at: Timestamp,
        updated_at: Timestamp,
    ) -> Product {
        Product {
            id,
            slug: Slug::of_name(self.name.as_str()),
            name: self.name,
            description: self.description,
            category: self.category,
            brand: self.brand,
            tags: self.tags.unwrap_or_default(),
            images: self.images.unwrap_or_default(),
            price: self.price,
            status,
            low_stock_threshold: self.low_stock_threshold,
            sizes: Vec::new(),
            skus: Vec::new(),
            version,
            created_at,
            updated_at,
        }
    }
}

impl VariantDraft {
    fn into_variant(self, product: &Product, number: usize) -> Variant {
        Variant {
            sku: self.sku.unwrap_or_else(|| Sku::generate(product.id, number)),
            product_id: product.id,
            name: product.name.clone(),
            options: self.options,
            image: product.images.first().cloned(),
            price: self.price.unwrap_or(product.price),
            own_price: self.price.is_some_and(|price| price != product.price),
            available: self.stock.unwrap_or_default(),
            low_stock_threshold: product.low_stock_threshold,
            status: product.variant_status(),
            number,
        }
    }
}

impl Variant {
    /// The same variant of a product described anew; `named` is the price that the description
    /// gives it.
    fn describe(&self, product: &Product, options: Options, named: Option<Money>) -> Self {
        let own = match named {
            None if self.own_price => Some(self.price),
            None => None,
            Some(price) if !self.own_price && price == self.price => None,
            Some(price) => Some(price),
        };
        Self {
            name: product.name.clone(),
            options,
            image: product.images.first().cloned(),
            price: own.unwrap_or(product.price),
            own_price: own.is_some_and(|price| price != product.price),
            low_stock_threshold: product.low_stock_threshold,
            status: product.variant_status(),
            ..self.clone()
        }
    }
}

fn revise_listed(
    drafts: Vec<VariantDraft>,
    product: &Product,
    variants: &[Variant],
) -> Result<Vec<Variant>, Invalid> {
    let mut next_number = variants.iter().map(|variant| variant.number).max().unwrap_or(0) + 1;
    let mut revised: Vec<Variant> = Vec::with_capacity(drafts.len());
    let mut broken = Vec::new();
    for (index, draft) in drafts.into_iter().enumerate() {
        let known = variants.iter().find(|variant| match &draft.sku {
            Some(sku) => variant.sku == *sku,
            None => variant.options == draft.options && variant.status != VariantStatus::Withdrawn,
        });
        if known.is_some_and(|variant| revised.iter().any(|other| other.sku == variant.sku)) {
            let pointer = format!("/variants/{index}");
            broken.push(Invalid::field(&pointer, "duplicate", "Another entry is this variant."));
        } else if let Some(variant) = known {
            if draft.stock.is_some() {
                broken.push(use_inventory(&format!("/variants/{index}/stock")));
            }
            revised.push(variant.describe(product, draft.options, draft.price));
        } else {
            revised.push(draft.into_variant(product, next_number));
            next_number += 1;
        }
    }
    Invalid::collect(broken)?;
    for variant in variants {
        if !revised.iter().any(|other| other.sku == variant.sku) {
            revised.push(Variant { status: VariantStatus::Withdrawn, ..variant.clone() });
        }
    }
    Ok(revised)
}

/// Options as an admin writes them. Not a map of `deserr`'s: that one (0.6.4) forgets the errors
/// of its entries.
struct OptionsDraft(Options);

impl From<OptionsDraft> for Options {
    fn from(draft: OptionsDraft) -> Self {
        draft.0
    }
}

impl Deserr<Invalid> for OptionsDraft {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Invalid> {
        let entries = match value {
            Value::Map(entries) => entries,
            actual => {
                let kind = ErrorKind::IncorrectValueKind { actual, accepted: &[ValueKind::Map] };
                return Err(take_cf_content(Invalid::error(None, kind, location)));
            }
        };
        let (mut options, mut broken) = (Options::new(), Vec::new());
        for (name, value) in entries.into_iter() {
            let at = location.push_key(&name);
            let label = Label::deserialize_from_value(value.into_value(), at);
            let name = Label::parse(name.clone()).map_err(|refused| refuse(refused, at));
            match (name, label) {
                (Ok(name), Ok(label)) => {
                    let label = label.as_str().to_owned();
                    if options.insert(name.as_str().to_owned(), label).is_some() {
                        let refused = Refused::new("duplicate", "Another option has this name.");
                        broken.push(refuse(refused, at));
                    }
                }
                (name, label) => broken.extend(name.err().into_iter().chain(label.err())),
            }
        }
        if options.len() > MAX_OPTIONS {
            let detail = format!("Must have at most {MAX_OPTIONS} options.");
            broken.push(refuse(Refused::new("too_many", detail), location));
        }
        Invalid::collect(broken)?;
        Ok(Self(options))
    }
}

fn refuse(refused: Refused, location: ValuePointerRef<'_>) -> Invalid {
    take_cf_content(Invalid::merge(None, refused, location))
}

fn use_inventory(pointer: &str) -> Invalid {
    Invalid::field(
        pointer,
        "use_inventory",
        "The stock of a SKU that exists is changed through /inventory/{sku}, so that every change \
         is recorded.",
    )
}
