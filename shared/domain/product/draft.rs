//! Product drafts: the body with which an admin creates or updates a product.

mod rows;
mod rules;

use std::borrow::Cow;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::json;

use super::options::{MAX_OPTIONS, OptionNames, Options};
use super::{
    Image, Product, ProductStatus, ProductWithVariants, StarCounts, Variant, VariantStatus,
};
use crate::domain::ids::ProductId;
use crate::domain::invalid::Invalid;
use crate::domain::members::Members;
use crate::domain::money::{Currency, Money};
use crate::domain::problem_code::ProblemCode;
use crate::domain::quantity::{Stock, Weight};
use crate::domain::schema;
use crate::domain::sku::Sku;
use crate::domain::slug::Slug;
use crate::domain::text::{Barcode, Description, Label, ProductName, WebUrl};
use crate::domain::time::Timestamp;

pub(super) use rules::MAX_IMAGES;
pub use rules::MAX_TAGS;

/// The body of a request that creates or updates a product: the members that could be read, and the
/// errors of the others.
///
/// [`ProductDraft::check`] checks the rules about the whole product on the members that could be
/// read, and returns all errors together. A draft with errors neither creates nor updates a
/// product.
#[derive(Debug, Clone)]
pub struct ProductDraft {
    name: Option<ProductName>,
    description: Option<Description>,
    category: Option<Slug>,
    brand: Option<ProductName>,
    tags: Vec<Option<Label>>,
    images: Vec<Option<Image>>,
    price: Option<Money>,
    compare_at_price: Option<Money>,
    tax_class: Option<Label>,
    status: Option<ProductStatus>,
    low_stock_threshold: Option<Stock>,
    stock: Option<Stock>,
    options: Vec<Option<Label>>,
    variants: Option<Vec<Option<VariantDraft>>>,
    unreadable: Option<Invalid>,
}

/// A variant in the body, as far as it could be read.
#[derive(Debug, Clone, Default)]
struct VariantDraft {
    sku: Option<Sku>,
    /// Whether the body names an invalid SKU. Then it is unknown which variant is meant.
    has_unreadable_sku: bool,
    /// `None` if they are invalid; empty if they are absent.
    options: Option<Options>,
    price: Option<Money>,
    compare_at_price: Option<Money>,
    image: Option<WebUrl>,
    barcode: Option<Barcode>,
    weight_grams: Option<Weight>,
    track_stock: Option<bool>,
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
            compare_at_price: body.optional("compare_at_price"),
            tax_class: body.optional("tax_class"),
            status: body.optional("status"),
            low_stock_threshold: body.optional("low_stock_threshold"),
            stock: body.optional("stock"),
            options: body.list("options").unwrap_or_default(),
            variants: body.objects("variants", VariantDraft::read),
            unreadable: body.broken(),
        })
    }
}

impl JsonSchema for ProductDraft {
    fn schema_name() -> Cow<'static, str> {
        "ProductBody".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = schema::Object::new(generator)
            .required::<ProductName>("name")
            .optional::<Description>("description")
            .optional::<Slug>("category")
            .optional::<ProductName>("brand")
            .list::<Label>("tags", 0, rules::MAX_TAGS)
            .list::<Image>("images", 0, rules::MAX_IMAGES)
            .required::<Money>("price")
            .optional::<Money>("compare_at_price")
            .optional::<Label>("tax_class")
            .optional::<ProductStatus>("status")
            .optional::<Stock>("low_stock_threshold")
            .optional::<Stock>("stock")
            .list::<Label>("options", 0, MAX_OPTIONS)
            .objects("variants", 1, MAX_VARIANTS, |variant| {
                variant
                    .optional::<Sku>("sku")
                    .optional::<Options>("options")
                    .optional::<Money>("price")
                    .optional::<Money>("compare_at_price")
                    .optional::<WebUrl>("image")
                    .optional::<Barcode>("barcode")
                    .optional::<Weight>("weight_grams")
                    .optional::<bool>("track_stock")
                    .optional::<Stock>("stock")
            })
            .build();
        schema.insert(
            "not".to_owned(),
            json!({
                "description": "Stock belongs to each variant where there are variants.",
                "required": ["stock", "variants"],
                "properties": { "stock": { "type": "integer" }, "variants": { "type": "array" } },
            }),
        );
        let codes = [
            ProblemCode::Duplicate,
            ProblemCode::TooFew,
            ProblemCode::TooMany,
            ProblemCode::StockOfVariants,
            ProblemCode::NotAMultiple,
            ProblemCode::CompareAtPriceTooLow,
        ];
        schema::refuse(&mut schema, &codes);
        schema
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
            compare_at_price: members.optional("compare_at_price"),
            image: members.optional("image"),
            barcode: members.optional("barcode"),
            weight_grams: members.optional("weight_grams"),
            track_stock: members.optional("track_stock"),
            stock: members.optional("stock"),
        }
    }

    fn options(&self) -> Options {
        self.options.clone().unwrap_or_default()
    }

    /// Finds the existing variant that it updates: the one with its SKU or, if it names none, the
    /// one with its options that is not withdrawn.
    fn find_existing<'v>(&self, variants: &'v [Variant]) -> Option<&'v Variant> {
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

/// The result of updating a product: the items to write.
#[derive(Debug, Clone)]
pub struct Revision {
    /// The product after the update.
    pub product: Product,
    /// New variants.
    pub added: Vec<Variant>,
    /// Variants that were withdrawn and come back; their stock is the old one and must not be
    /// written.
    pub restored: Vec<Variant>,
    /// Other existing variants that have changed or are withdrawn; their stock is the old one and
    /// must not be written.
    pub changed: Vec<Variant>,
}

/// The most variants of one product, not counting withdrawn ones.
pub const MAX_VARIANTS: usize = 40;

const OPTIONS: &str = "/options";

impl ProductDraft {
    /// Creates a new product. `currency` is the shop's. 422 with all errors if the draft is
    /// invalid.
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
        Ok(ProductWithVariants { product, variants, stars: StarCounts::default() })
    }

    /// Updates `current`. 422 with all errors if the draft is invalid.
    ///
    /// A variant of the body updates the existing variant with its SKU or, without one, with its
    /// options. Existing variants that the body leaves out are withdrawn from sale, and a variant
    /// without a price sells at the product's. Without the member `variants` they all stay.
    pub fn revise(
        &self,
        current: &ProductWithVariants,
        currency: Currency,
        now: Timestamp,
    ) -> Result<Revision, Invalid> {
        self.check(currency, Some(current))?;
        let ProductWithVariants { product: current, variants, .. } = current;
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
                    _ => variant.describe(&product, &VariantDraft::of(variant)),
                })
                .collect(),
        };
        revised.sort_by_key(|variant| variant.number);

        let mut revision =
            Revision { product, added: Vec::new(), restored: Vec::new(), changed: Vec::new() };
        for variant in revised {
            match variants.iter().find(|known| known.sku == variant.sku) {
                None => revision.added.push(variant),
                Some(known) if *known == variant => {}
                Some(known) if known.status == VariantStatus::Withdrawn => {
                    revision.restored.push(variant);
                }
                Some(_) => revision.changed.push(variant),
            }
        }
        Ok(revision)
    }

    /// Returns the slug of its category, if it could be read.
    pub fn category(&self) -> Option<&Slug> {
        self.category.as_ref()
    }

    /// Returns the variants that could be read, each with its index in the body.
    fn variants(&self) -> impl Iterator<Item = (usize, &VariantDraft)> {
        let variants = self.variants.iter().flatten().enumerate();
        variants.filter_map(|(index, draft)| Some((index, draft.as_ref()?)))
    }

    /// Returns the names of the product's options: first those in the body's `options`, then those
    /// of its variants.
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

    /// Returns the options of the variants after the update, each with the JSON pointer to name in
    /// an error if they are too many. Without `variants` in the body they are those of the `known`
    /// variants that are not withdrawn.
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
            return Err(Invalid::for_field(
                "",
                ProblemCode::Required,
                "A product has a name and a price.",
            ));
        };
        Ok(Product {
            id,
            slug: Slug::of_product(name.as_str()),
            name,
            description: self.description.clone(),
            category: self.category.clone(),
            is_counted: true,
            brand: self.brand.clone(),
            tags: self.tags.iter().flatten().cloned().collect(),
            images: self.images.iter().flatten().cloned().collect(),
            price,
            compare_at_price: self.compare_at_price,
            tax_class: self.tax_class.clone(),
            status,
            low_stock_threshold: self.low_stock_threshold,
            options: OptionNames::default(),
            version,
            created_at,
            updated_at,
        })
    }
}

impl VariantDraft {
    /// Returns the draft that changes nothing of a variant.
    fn of(variant: &Variant) -> Self {
        Self {
            sku: Some(variant.sku.clone()),
            has_unreadable_sku: false,
            options: Some(variant.options.clone()),
            price: variant.own_price,
            compare_at_price: variant.own_compare_at_price,
            image: variant.own_image().cloned(),
            barcode: variant.barcode.clone(),
            weight_grams: variant.weight_grams,
            track_stock: Some(variant.track_stock),
            stock: None,
        }
    }

    /// Creates a new variant of a product.
    fn variant(&self, product: &Product, number: usize) -> Variant {
        Variant {
            sku: self.sku.clone().unwrap_or_else(|| Sku::generate(product.id, number)),
            product_id: product.id,
            name: product.name.clone(),
            options: self.options().named(&product.options),
            image: self.image.clone().or(product.main_image()),
            has_own_image: self.image.is_some(),
            barcode: self.barcode.clone(),
            weight_grams: self.weight_grams,
            tax_class: product.tax_class.clone(),
            price: self.price.unwrap_or(product.price),
            own_price: self.price,
            own_compare_at_price: self.compare_at_price,
            available: self.stock.unwrap_or_default(),
            track_stock: self.track_stock.unwrap_or(true),
            low_stock_threshold: product.low_stock_threshold,
            status: product.variant_status(),
            number,
            revision: 1,
        }
    }
}

impl Variant {
    /// Returns the variant as a draft describes it, with the data of its updated product. Its
    /// revision rises by 1 if what a buyer is told changes.
    fn describe(&self, product: &Product, draft: &VariantDraft) -> Self {
        let described = Self {
            sku: self.sku.clone(),
            available: self.available,
            revision: self.revision,
            ..draft.variant(product, self.number)
        };
        let has_changed = !described.is_described_like(self);
        Self { revision: self.revision + u64::from(has_changed), ..described }
    }
}

/// Updates the variants that the drafts name, adds new ones, and withdraws the others.
fn revise_listed<'d>(
    drafts: impl Iterator<Item = &'d VariantDraft>,
    product: &Product,
    variants: &[Variant],
) -> Vec<Variant> {
    let mut next_number = variants.iter().map(|variant| variant.number).max().unwrap_or(0) + 1;
    let mut revised: Vec<Variant> = Vec::new();
    for draft in drafts {
        match draft.find_existing(variants) {
            Some(variant) => {
                revised.push(variant.describe(product, draft));
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
