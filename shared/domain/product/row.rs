//! Rows of an import: each describes a variant, and the first one of a group also its product.

use std::borrow::Cow;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::options::{MAX_OPTIONS, OptionChanges};
use super::{Image, MAX_TAGS, ProductStatus};
use crate::domain::invalid::Invalid;
use crate::domain::members::Members;
use crate::domain::money::Money;
use crate::domain::patch::Patch;
use crate::domain::quantity::{Stock, Weight};
use crate::domain::schema;
use crate::domain::sku::Sku;
use crate::domain::slug::Slug;
use crate::domain::text::{Barcode, Description, Label, ProductName, WebUrl};

/// A row of an import: what could be read of it, and the errors of the rest.
///
/// A member that is absent stays as it is, and null clears it.
#[derive(Debug, Clone)]
pub struct ProductRow {
    /// The SKU of its variant; `None` if it is missing or invalid.
    pub sku: Option<Sku>,
    /// The rows of one group are the variants of one product. A row without a group is alone,
    /// unless its SKU is known.
    pub group: Option<ProductName>,
    /// The units that the variant has in stock.
    pub set_stock: Option<Stock>,
    /// The changes of its product.
    pub(super) product: ProductChanges,
    /// The changes of its variant.
    pub(super) variant: VariantChanges,
    /// The errors of the row itself.
    pub errors: Option<Invalid>,
    /// The errors of the members of its product, which count only where those do.
    pub product_errors: Option<Invalid>,
}

/// The changes of a product.
#[derive(Debug, Clone)]
pub(super) struct ProductChanges {
    pub name: Patch<ProductName>,
    pub description: Patch<Description>,
    pub category: Patch<Slug>,
    pub brand: Patch<ProductName>,
    pub tags: Patch<Vec<Label>>,
    pub images: Patch<Vec<Image>>,
    pub price: Patch<Money>,
    pub compare_at_price: Patch<Money>,
    pub tax_class: Patch<Label>,
    pub status: Patch<ProductStatus>,
    pub low_stock_threshold: Patch<Stock>,
    pub option_names: Patch<Vec<Label>>,
}

/// The changes of a variant.
#[derive(Debug, Clone)]
pub(super) struct VariantChanges {
    pub options: Patch<OptionChanges>,
    pub price: Patch<Money>,
    pub compare_at_price: Patch<Money>,
    pub image: Patch<WebUrl>,
    pub barcode: Patch<Barcode>,
    pub weight_grams: Patch<Weight>,
    pub track_stock: Patch<bool>,
    pub stock: Patch<Stock>,
}

/// The members of a row that describe its product.
const OF_PRODUCT: [&str; 12] = [
    "name",
    "description",
    "category",
    "brand",
    "tags",
    "images",
    "price",
    "compare_at_price",
    "tax_class",
    "status",
    "low_stock_threshold",
    "option_names",
];

impl ProductRow {
    /// Returns the category that the row names.
    pub fn category(&self) -> Option<&Slug> {
        match &self.product.category {
            Patch::Set(category) => Some(category),
            Patch::Keep | Patch::Remove => None,
        }
    }
}

impl Deserr<Invalid> for ProductRow {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Invalid> {
        let mut row = Members::of(value, location)?;
        let (sku, group) = (row.required("sku"), row.optional("group"));
        let set_stock = row.optional("set_stock");
        let product = ProductChanges {
            name: row.patch("name"),
            description: row.patch("description"),
            category: row.patch("category"),
            brand: row.patch("brand"),
            tags: row.patch("tags"),
            images: row.patch("images"),
            price: row.patch("price"),
            compare_at_price: row.patch("compare_at_price"),
            tax_class: row.patch("tax_class"),
            status: row.patch("status"),
            low_stock_threshold: row.patch("low_stock_threshold"),
            option_names: row.patch("option_names"),
        };
        let variant = VariantChanges {
            options: row.patch("options"),
            price: row.patch("variant_price"),
            compare_at_price: row.patch("variant_compare_at_price"),
            image: row.patch("variant_image"),
            barcode: row.patch("barcode"),
            weight_grams: row.patch("weight_grams"),
            track_stock: row.patch("track_stock"),
            stock: row.patch("stock"),
        };
        let broken = row.broken();
        let (product_errors, errors) =
            broken.map_or((None, None), |broken| broken.split(|name| OF_PRODUCT.contains(&name)));
        Ok(Self { sku, group, set_stock, product, variant, errors, product_errors })
    }
}

impl JsonSchema for ProductRow {
    fn schema_name() -> Cow<'static, str> {
        "ProductRow".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schema::Object::new(generator)
            .required::<Sku>("sku")
            .optional::<ProductName>("group")
            .optional::<ProductName>("name")
            .optional::<Description>("description")
            .optional::<Slug>("category")
            .optional::<ProductName>("brand")
            .list::<Label>("tags", 0, MAX_TAGS)
            .list::<Image>("images", 0, super::draft::MAX_IMAGES)
            .optional::<Money>("price")
            .optional::<Money>("compare_at_price")
            .optional::<Label>("tax_class")
            .optional::<ProductStatus>("status")
            .optional::<Stock>("low_stock_threshold")
            .list::<Label>("option_names", 0, MAX_OPTIONS)
            .optional::<OptionChanges>("options")
            .optional::<Money>("variant_price")
            .optional::<Money>("variant_compare_at_price")
            .optional::<WebUrl>("variant_image")
            .optional::<Barcode>("barcode")
            .optional::<Weight>("weight_grams")
            .optional::<bool>("track_stock")
            .optional::<Stock>("stock")
            .optional::<Stock>("set_stock")
            .build()
    }
}
