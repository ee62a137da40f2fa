//! What somebody wants to buy, as a request names it.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};

use super::ids::ProductId;
use super::invalid::Invalid;
use super::members::Members;
use super::quantity::Quantity;
use super::sku::Sku;

/// What is bought.
#[derive(Debug)]
pub enum Basket {
    /// What is in the customer's cart, which is empty afterwards.
    Cart,
    /// This; the cart is left alone. One entry a variant.
    Items(Vec<RequestedItem>),
}

/// A variant by its SKU, or the only variant of a product; and how many of it.
#[derive(Debug, Clone)]
pub struct RequestedItem {
    /// Which.
    pub which: VariantSelector,
    /// How many.
    pub quantity: Quantity,
}

/// As a body names it: by exactly one of `sku` and `product_id`, and a `quantity`.
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
            item.refuse("sku", "sku_or_product_id", detail);
        }
        let which =
            sku.map(VariantSelector::Sku).or(product_id.map(VariantSelector::OnlyVariantOf));
        item.finish(|| Some(Self { which: which?, quantity: quantity? }))
    }
}

/// How a variant is named.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum VariantSelector {
    /// By its SKU.
    Sku(Sku),
    /// As the only variant of a product.
    OnlyVariantOf(ProductId),
}

impl VariantSelector {
    /// The refusal of a product that comes in several variants; `pointer` leads to where it is named.
    pub fn variant_required(pointer: &str) -> Invalid {
        Invalid::field(
            &format!("{pointer}/product_id"),
            "variant_required",
            "This product comes in several variants; name the one you want by its `sku`.",
        )
    }
}
