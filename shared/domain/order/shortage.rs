//! Lines that can't be bought, as problem documents list them.

use serde::Serialize;

use crate::domain::basket::{RequestedItem, VariantSelector};
use crate::domain::cart::CartLine;
use crate::domain::error::Conflict;
use crate::domain::ids::ProductId;
use crate::domain::sku::Sku;

/// A line that can't be bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MissingLine {
    /// What was asked for: a SKU, or a product where no SKU was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// The product, where no SKU was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<ProductId>,
    /// How many were asked for.
    pub requested: u32,
    /// How many there are.
    pub available: u32,
}

impl MissingLine {
    /// An item of which nothing is on sale.
    pub fn of_item(item: &RequestedItem) -> Self {
        let (sku, product_id) = match &item.which {
            VariantSelector::Sku(sku) => (Some(sku.clone()), None),
            VariantSelector::OnlyVariantOf(product) => (None, Some(*product)),
        };
        Self { sku, product_id, requested: item.quantity.get(), available: 0 }
    }

    /// A line of which nothing is there.
    pub fn of_line(line: &CartLine) -> Self {
        let requested = line.quantity.get();
        Self { sku: Some(line.sku.clone()), product_id: None, requested, available: 0 }
    }
}

/// Some lines can't be bought: `out_of_stock`, or `unavailable` where they are no longer sold.
pub fn cannot_buy(code: &'static str, lines: &[MissingLine]) -> Conflict {
    let detail = match code {
        "out_of_stock" => "There is not enough left of some items; see `lines` for what there is.",
        _ => "Some items are not sold any more; see `lines`, and take them out.",
    };
    Conflict::new(code, detail).with("lines", serde_json::json!(lines))
}
