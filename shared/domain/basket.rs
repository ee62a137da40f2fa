//! What somebody wants to buy, as a request names it.

use super::error::Result;
use super::ids::ProductId;
use super::invalid::Invalid;
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

    /// What a body names by exactly one of two members; `pointer` leads to where they stand.
    pub fn one_of(
        sku: Option<Sku>,
        product_id: Option<ProductId>,
        pointer: &str,
    ) -> Result<Self, Invalid> {
        match (sku, product_id) {
            (Some(sku), None) => Ok(Self::Sku(sku)),
            (None, Some(product)) => Ok(Self::OnlyVariantOf(product)),
            _ => Err(Invalid::field(
                &format!("{pointer}/sku"),
                "sku_or_product_id",
                "Name exactly one of `sku` and `product_id`.",
            )),
        }
    }
}
