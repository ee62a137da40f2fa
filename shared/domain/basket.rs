//! The items that a request asks to buy or to add to a cart.

use std::borrow::Cow;

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::json;

use super::ids::ProductId;
use super::invalid::Invalid;
use super::members::Members;
use super::problem_code::ProblemCode;
use super::quantity::Quantity;
use super::schema;
use super::sku::Sku;

/// Where the lines of a new order come from.
#[derive(Debug)]
pub enum Basket {
    /// The customer's cart, which the order empties.
    Cart,
    /// These items, at most one for each variant. The cart is not changed.
    Items(Vec<RequestedItem>),
}

/// A variant and the quantity that is wanted of it.
#[derive(Debug, Clone)]
pub struct RequestedItem {
    /// The variant.
    pub which: VariantSelector,
    /// The number of units.
    pub quantity: Quantity,
}

/// Reads `{sku, quantity}` or `{product_id, quantity}`; with both or neither of `sku` and
/// `product_id` it is 422 `sku_or_product_id`.
impl Deserr<Invalid> for RequestedItem {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Invalid> {
        let mut item = Members::of(value, location)?;
        let (sku, product_id) = (item.optional("sku"), item.optional("product_id"));
        let quantity = item.required("quantity");
        if item.has("sku") == item.has("product_id") {
            let detail = "Name exactly one of `sku` and `product_id`.";
            item.add_error("sku", ProblemCode::SkuOrProductId, detail);
        }
        let which =
            sku.map(VariantSelector::Sku).or(product_id.map(VariantSelector::OnlyVariantOf));
        item.finish(|| Some(Self { which: which?, quantity: quantity? }))
    }
}

impl JsonSchema for RequestedItem {
    fn schema_name() -> Cow<'static, str> {
        "RequestedItem".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = schema::Object::new(generator)
            .optional::<Sku>("sku")
            .optional::<ProductId>("product_id")
            .required::<Quantity>("quantity")
            .build();
        let description = "A variant, named by its `sku` or, if its product has no other, by its \
                           `product_id`; and how many units of it.";
        schema.insert("description".to_owned(), description.into());
        // An empty text or null counts as absent.
        let (named, absent) =
            (json!({ "type": "string", "minLength": 1 }), json!({ "enum": [null, ""] }));
        schema.insert(
            "oneOf".to_owned(),
            json!([
                { "required": ["sku"], "properties": { "sku": named, "product_id": absent } },
                { "required": ["product_id"], "properties": { "sku": absent, "product_id": named } },
            ]),
        );
        schema::refuse(&mut schema, &[ProblemCode::SkuOrProductId]);
        schema
    }
}

/// How a request names a variant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum VariantSelector {
    /// By its SKU.
    Sku(Sku),
    /// As the only variant of a product.
    OnlyVariantOf(ProductId),
}

impl VariantSelector {
    /// The error 422 `variant_required`: a product with several variants was named by its
    /// `product_id`. `pointer` is the JSON pointer of the item that names it.
    pub fn variant_required(pointer: &str) -> Invalid {
        Invalid::for_field(
            &format!("{pointer}/product_id"),
            ProblemCode::VariantRequired,
            "This product comes in several variants; name the one you want by its `sku`.",
        )
    }
}
