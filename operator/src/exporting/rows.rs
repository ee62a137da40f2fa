//! The rows of a product, as `POST /products/import` takes them.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::failure::{Failure, Result};

/// A row: a variant, and in the first row of a product also that product. As JSON it has no member
/// for what it says nothing about; null is a value that the product does not have.
#[derive(Debug, Serialize)]
pub struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    sku: String,
    #[serde(flatten)]
    product: Option<ProductMembers>,
    #[serde(serialize_with = "as_object", skip_serializing_if = "Vec::is_empty")]
    options: Vec<(String, Option<String>)>,
    variant_price: Option<Value>,
    variant_compare_at_price: Option<Value>,
    variant_image: Option<String>,
    barcode: Option<String>,
    weight_grams: Option<u64>,
    track_stock: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stock: Option<u64>,
}

/// What the first row of a product says of it.
#[derive(Debug, Serialize, Deserialize)]
struct ProductMembers {
    name: String,
    description: Option<String>,
    category: Option<String>,
    brand: Option<String>,
    tags: Vec<String>,
    images: Vec<Value>,
    price: Value,
    compare_at_price: Option<Value>,
    tax_class: Option<String>,
    status: String,
    low_stock_threshold: Option<u64>,
    #[serde(rename(deserialize = "options"))]
    option_names: Vec<String>,
}

/// A product as the API shows it.
#[derive(Deserialize)]
struct Product {
    id: String,
    #[serde(flatten)]
    members: ProductMembers,
    variants: Vec<Variant>,
}

/// A variant as the API shows it.
#[derive(Deserialize)]
struct Variant {
    sku: String,
    options: Map<String, Value>,
    price: Option<Value>,
    compare_at_price: Option<Value>,
    image: Option<String>,
    barcode: Option<String>,
    weight_grams: Option<u64>,
    track_stock: bool,
    available: Option<u64>,
}

/// Returns the rows of a product, given as the API shows it; fails if it is not one.
///
/// If there are several rows, their group is the product's ID, which no other product has.
pub fn rows(product: &Value) -> Result<Vec<Row>> {
    let Product { id, members, variants } = Product::deserialize(product).map_err(|error| {
        Failure::new(format!("the product {} can't be exported: {error}", product["id"]))
    })?;
    let group = (variants.len() > 1).then_some(id);
    let names = members.option_names.clone();
    let mut members = Some(members);
    let rows = variants.into_iter().map(|variant| Row {
        group: group.clone(),
        sku: variant.sku,
        product: members.take(),
        options: names.iter().map(|name| (name.clone(), value(&variant.options, name))).collect(),
        variant_price: variant.price,
        variant_compare_at_price: variant.compare_at_price,
        variant_image: variant.image,
        barcode: variant.barcode,
        weight_grams: variant.weight_grams,
        track_stock: variant.track_stock,
        stock: variant.available,
    });
    Ok(rows.collect())
}

impl Row {
    /// The names of the product's options.
    pub fn option_names(&self) -> impl Iterator<Item = &str> {
        self.options.iter().map(|(name, _)| name.as_str())
    }
}

fn value(options: &Map<String, Value>, name: &str) -> Option<String> {
    options.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn as_object<S: Serializer>(
    options: &[(String, Option<String>)],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_map(options.iter().map(|(name, value)| (name, value)))
}
