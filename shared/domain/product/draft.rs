//! Products as admins describe them.

use std::collections::HashSet;

use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Map, MergeWithError, Value, ValueKind,
    ValuePointerRef, take_cf_content,
};

use super::{Options, Product, ProductStatus, ProductWithVariants, Variant, VariantStatus};
use crate::domain::ids::ProductId;
use crate::domain::invalid::{Invalid, Refused};
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
            variants: body.objects("variants", VariantDraft::read),
            unreadable: body.broken(),
        })
    }
}

impl VariantDraft {
    fn read<V: IntoValue>(members: &mut Members<'_, V>) -> Self {
        let sku = members.optional("sku");
        let options = members.optional::<OptionsDraft>("options").map(Options::from);
        Self {
            has_unreadable_sku: members.has("sku") && sku.is_none(),
            sku,
            options: if members.has("options") { options } else { Some(Options::new()) },
            price: members.optional("price"),
            stock: members.optional("stock"),
        }
    }

    /// The variant that it describes anew: the one with its SKU or, where it names none, the one
    /// with its options that is not withdrawn.
    fn recognise<'v>(&self, variants: &'v [Variant]) -> Option<&'v Variant> {
        variants.iter().find(|variant| match &self.sku {
            Some(sku) => variant.sku == *sku,
            None => {
                !self.has_unreadable_sku
                    && self.options.as_ref() == Some(&variant.options)
                    && variant.status != VariantStatus::Withdrawn
            }
        })
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
const MAX_TAGS: usize = 20;
const MAX_IMAGES: usize = 20;
const MAX_OPTIONS: usize = 5;

impl ProductDraft {
    /// Says all that is wrong with it in a shop of this currency. `current` is the product that it
    /// describes anew, where there is one: the stock of its variants belongs to the inventory.
    pub fn check(
        &self,
        currency: Currency,
        current: Option<&ProductWithVariants>,
    ) -> Result<(), Invalid> {
        let known = current.map(|current| current.variants.as_slice());
        let unreadable = self.unreadable.iter().cloned();
        let prices = self.foreign_prices(currency);
        let counts = self.wrong_counts();
        let stock = self.misplaced_stock(known.is_some());
        let variants = self.duplicates(known.unwrap_or_default());
        Invalid::collect(unreadable.chain(prices).chain(counts).chain(stock).chain(variants))
    }

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

        let mut revised = match &self.variants {
            Some(drafts) => revise_listed(drafts.iter().flatten(), &product, variants),
            None => variants
                .iter()
                .map(|variant| match variant.status {
                    VariantStatus::Withdrawn => variant.clone(),
                    _ => variant.describe(&product, variant.options.clone(), variant.own_price),
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

    fn foreign_prices(&self, currency: Currency) -> impl Iterator<Item = Invalid> {
        let own = self.price.map(|price| (price, "/price".to_owned()));
        let of_variants = self
            .variants()
            .filter_map(|(index, draft)| Some((draft.price?, format!("/variants/{index}/price"))));
        let prices = own.into_iter().chain(of_variants);
        prices.filter_map(move |(price, at)| price.in_shop_currency(currency, &at).err())
    }

    fn wrong_counts(&self) -> impl Iterator<Item = Invalid> {
        let variants = self.variants.as_ref().map(Vec::len);
        let counts = [
            ("/tags", self.tags.len(), MAX_TAGS),
            ("/images", self.images.len(), MAX_IMAGES),
            ("/variants", variants.unwrap_or_default(), MAX_VARIANTS),
        ];
        let too_many = counts.into_iter().filter(|(_, count, max)| count > max);
        let too_many = too_many.map(|(pointer, _, max)| {
            Invalid::field(pointer, "too_many", format!("Must have at most {max} elements."))
        });
        let none = (variants == Some(0)).then(|| {
            let detail = "A product has at least one variant; leave the field out for just one.";
            Invalid::field("/variants", "too_few", detail)
        });
        too_many.chain(none)
    }

    /// The product's own `stock` where there is no place for it.
    fn misplaced_stock(&self, exists: bool) -> Option<Invalid> {
        let (pointer, _) = ("/stock", self.stock?);
        if self.variants.is_some() {
            let detail = "Stock belongs to each variant where there are variants.";
            return Some(Invalid::field(pointer, "stock_of_variants", detail));
        }
        exists.then(|| use_inventory(pointer))
    }

    /// Variants that are named twice, in the body or as one of the `known` ones, and stock of known
    /// ones.
    fn duplicates(&self, known: &[Variant]) -> Vec<Invalid> {
        let (mut skus, mut options, mut recognised) =
            (HashSet::new(), HashSet::new(), HashSet::new());
        let mut broken = Vec::new();
        for (index, draft) in self.variants() {
            let mut refuse = |member: &str, detail| {
                let pointer = format!("/variants/{index}{member}");
                broken.push(Invalid::field(&pointer, "duplicate", detail));
            };
            let variant = draft.recognise(known);
            let same_sku = draft.sku.as_ref().is_some_and(|sku| !skus.insert(sku));
            let same_options = draft.options.as_ref().is_some_and(|own| !options.insert(own));
            let same_variant = variant.is_some_and(|variant| !recognised.insert(&variant.sku));
            if same_sku {
                refuse("/sku", "Another variant has this SKU.");
            }
            if same_options {
                refuse("/options", "Another variant has these options.");
            }
            if same_variant && !same_sku && !same_options {
                refuse("", "Another entry is this variant.");
            }
            if variant.is_some() && draft.stock.is_some() {
                broken.push(use_inventory(&format!("/variants/{index}/stock")));
            }
        }
        broken
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
            options: self.options.clone().unwrap_or_default(),
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
    /// is.
    fn describe(&self, product: &Product, options: Options, own_price: Option<Money>) -> Self {
        Self {
            name: product.name.clone(),
            options,
            image: product.images.first().cloned(),
            price: own_price.unwrap_or(product.price),
            own_price,
            low_stock_threshold: self.own_low_stock_threshold.or(product.low_stock_threshold),
            status: product.variant_status(),
            ..self.clone()
        }
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
                let options = draft.options.clone().unwrap_or_default();
                revised.push(variant.describe(product, options, draft.price));
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
