//! Products as admins describe them.

mod rules;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};

use super::options::{OptionNames, Options};
use super::{Product, ProductStatus, ProductWithVariants, Variant, VariantStatus};
use crate::domain::ids::ProductId;
use crate::domain::invalid::Invalid;
use crate::domain::members::Members;
use crate::domain::money::{Currency, Money};
use crate::domain::quantity::Stock;
use crate::domain::sku::Sku;
use crate::domain::slug::Slug;
use crate::domain::text::{Description, ImageUrl, Label, Name};
use crate::domain::time::Timestamp;

/// A product as an admin describes it: what could be read of a body, and what is wrong with the
/// rest.
///
/// Rules of the whole product are checked on what could be read, so that [`ProductDraft::check`]
/// says at once all that is wrong. Nothing is made of a draft with mistakes.
#[derive(Debug, Clone)]
pub struct ProductDraft {
    name: Option<Name>,
    description: Option<Description>,
    category: Option<Slug>,
    brand: Option<Name>,
    tags: Vec<Option<Label>>,
    images: Vec<Option<ImageUrl>>,
    price: Option<Money>,
    status: Option<ProductStatus>,
    low_stock_threshold: Option<Stock>,
    stock: Option<Stock>,
    options: Vec<Option<Label>>,
    variants: Option<Vec<Option<VariantDraft>>>,
    unreadable: Option<Invalid>,
}

/// A variant as an admin describes it, as far as it could be read.
#[derive(Debug, Clone, Default)]
struct VariantDraft {
    sku: Option<Sku>,
    /// Whether a SKU is named that is none: then nobody knows which variant is meant.
    has_unreadable_sku: bool,
    /// `None` where they can't be read.
    options: Option<Options>,
    price: Option<Money>,
    stock: Option<Stock>,
}

impl Deserr<Invalid> for ProductDraft {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Invalid> {
        let mut body = Members::of(value, location)?;
        Ok(Self {
            name: body.required("name"),
            description: body.optional("description"),
            category: body.optional("category"),
            brand: body.optional("brand"),
            tags: body.list("tags").unwrap_or_default(),
            images: body.list("images").unwrap_or_default(),
            price: body.required("price"),
            status: body.optional("status"),
            low_stock_threshold: body.optional("low_stock_threshold"),
            stock: body.optional("stock"),
            options: body.list("options").unwrap_or_default(),
            variants: body.objects("variants", VariantDraft::read),
            unreadable: body.broken(),
        })
    }
}

impl VariantDraft {
    fn read<V: IntoValue>(members: &mut Members<'_, V>) -> Self {
        let sku = members.optional("sku");
        let options = members.optional("options");
        Self {
            has_unreadable_sku: members.has("sku") && sku.is_none(),
            sku,
            options: if members.has("options") { options } else { Some(Options::default()) },
            price: members.optional("price"),
            stock: members.optional("stock"),
        }
    }

    fn options(&self) -> Options {
        self.options.clone().unwrap_or_default()
    }

    /// The variant that it describes anew: the one with its SKU or, where it names none, the one
    /// with its options that is not withdrawn.
    fn recognise<'v>(&self, variants: &'v [Variant]) -> Option<&'v Variant> {
        if let Some(sku) = &self.sku {
            return variants.iter().find(|variant| variant.sku == *sku);
        }
        let options = self.options.as_ref().filter(|_| !self.has_unreadable_sku)?.identity();
        variants
            .iter()
            .filter(|variant| variant.status != VariantStatus::Withdrawn)
            .find(|variant| variant.options.identity() == options)
    }
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

const OPTIONS: &str = "/options";

impl ProductDraft {
    /// Makes a new product of it. `currency` is the shop's.
    pub fn create(
        &self,
        id: ProductId,
        currency: Currency,
        now: Timestamp,
    ) -> Result<ProductWithVariants, Invalid> {
        self.check(currency, None)?;
        let status = self.status.unwrap_or(ProductStatus::Active);
        let mut product = self.product(id, status, 1, now, now)?;
        product.options = self.option_names(&[]);
        let only = VariantDraft { stock: self.stock, ..VariantDraft::default() };
        let variants = match &self.variants {
            None => vec![only.variant(&product, 1)],
            Some(drafts) => drafts
                .iter()
                .flatten()
                .zip(1..)
                .map(|(draft, number)| draft.variant(&product, number))
                .collect(),
        };
        product.summarize(&variants);
        Ok(ProductWithVariants { product, variants })
    }

    /// Describes `current` anew.
    ///
    /// A variant is recognised by its SKU, or without one by its options. One that is left out is
    /// withdrawn from sale, and one without a price has none of its own any more; without any
    /// `variants` they stay as they are.
    pub fn revise(
        &self,
        current: &ProductWithVariants,
        currency: Currency,
        now: Timestamp,
    ) -> Result<Revision, Invalid> {
        self.check(currency, Some(current))?;
        let ProductWithVariants { product: current, variants } = current;
        let status = self.status.unwrap_or(current.status);
        let (version, created_at) = (current.version + 1, current.created_at);
        let mut product = self.product(current.id, status, version, created_at, now)?;
        product.options = self.option_names(variants);

        let mut revised = match &self.variants {
            Some(drafts) => revise_listed(drafts.iter().flatten(), &product, variants),
            None => variants
                .iter()
                .map(|variant| match variant.status {
                    VariantStatus::Withdrawn => variant.clone(),
                    _ => variant.describe(&product, &variant.options, variant.own_price),
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

    /// The variants that could be read, with their places in the body.
    fn variants(&self) -> impl Iterator<Item = (usize, &VariantDraft)> {
        let variants = self.variants.iter().flatten().enumerate();
        variants.filter_map(|(index, draft)| Some((index, draft.as_ref()?)))
    }

    /// The names of the product's options: first those that the body names, then those of its
    /// variants.
    fn option_names(&self, known: &[Variant]) -> OptionNames {
        let mut names = OptionNames::default();
        for name in self.options.iter().flatten() {
            names.add(name.as_str());
        }
        for (_, options) in self.options_of_variants(known) {
            names.add_of(&options);
        }
        names
    }

    /// The options of the variants that the product has then, each with the pointer of what is to
    /// be changed if they are too many. Without `variants` they are the `known` ones.
    fn options_of_variants(&self, known: &[Variant]) -> Vec<(String, Options)> {
        let of_draft = |(index, draft): (usize, &VariantDraft)| {
            (format!("/variants/{index}{OPTIONS}"), draft.options())
        };
        let of_variant = |variant: &Variant| (OPTIONS.to_owned(), variant.options.clone());
        match &self.variants {
            Some(_) => self.variants().map(of_draft).collect(),
            None => {
                let current = known.iter().filter(|known| known.status != VariantStatus::Withdrawn);
                current.map(of_variant).collect()
            }
        }
    }

    fn product(
        &self,
        id: ProductId,
        status: ProductStatus,
        version: u64,
        created_at: Timestamp,
        updated_at: Timestamp,
    ) -> Result<Product, Invalid> {
        let (Some(name), Some(price)) = (self.name.clone(), self.price) else {
            return Err(Invalid::field("", "required", "A product has a name and a price."));
        };
        Ok(Product {
            id,
            slug: Slug::of_name(name.as_str()),
            name,
            description: self.description.clone(),
            category: self.category.clone(),
            brand: self.brand.clone(),
            tags: self.tags.iter().flatten().cloned().collect(),
            images: self.images.iter().flatten().cloned().collect(),
            price,
            status,
            low_stock_threshold: self.low_stock_threshold,
            options: OptionNames::default(),
            sizes: Vec::new(),
            skus: Vec::new(),
            version,
            created_at,
            updated_at,
        })
    }
}

impl VariantDraft {
    /// A new variant.
    fn variant(&self, product: &Product, number: usize) -> Variant {
        Variant {
            sku: self.sku.clone().unwrap_or_else(|| Sku::generate(product.id, number)),
            product_id: product.id,
            name: product.name.clone(),
            options: self.options().named(&product.options),
            image: product.images.first().cloned(),
            price: self.price.unwrap_or(product.price),
            own_price: self.price,
            available: self.stock.unwrap_or_default(),
            low_stock_threshold: product.low_stock_threshold,
            own_low_stock_threshold: None,
            status: product.variant_status(),
            number,
            revision: 1,
        }
    }
}

impl Variant {
    /// The same variant of a product described anew. What is its own stays, whatever the product's
    /// is; its revision rises where a buyer is told something else.
    fn describe(&self, product: &Product, options: &Options, own_price: Option<Money>) -> Self {
        let described = Self {
            name: product.name.clone(),
            options: options.named(&product.options),
            image: product.images.first().cloned(),
            price: own_price.unwrap_or(product.price),
            own_price,
            low_stock_threshold: self.own_low_stock_threshold.or(product.low_stock_threshold),
            status: product.variant_status(),
            ..self.clone()
        };
        let has_changed = !described.is_described_like(self);
        Self { revision: self.revision + u64::from(has_changed), ..described }
    }
}

fn revise_listed<'d>(
    drafts: impl Iterator<Item = &'d VariantDraft>,
    product: &Product,
    variants: &[Variant],
) -> Vec<Variant> {
    let mut next_number = variants.iter().map(|variant| variant.number).max().unwrap_or(0) + 1;
    let mut revised: Vec<Variant> = Vec::new();
    for draft in drafts {
        match draft.recognise(variants) {
            Some(variant) => {
                revised.push(variant.describe(product, &draft.options(), draft.price));
            }
            None => {
                revised.push(draft.variant(product, next_number));
                next_number += 1;
            }
        }
    }
    for variant in variants {
        if !revised.iter().any(|other| other.sku == variant.sku) {
            revised.push(Variant { status: VariantStatus::Withdrawn, ..variant.clone() });
        }
    }
    revised
}
