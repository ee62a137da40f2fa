//! Order lines that can't be bought, as problem documents list them.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::basket::{RequestedItem, VariantSelector};
use crate::domain::cart::CartLine;
use crate::domain::error::Conflict;
use crate::domain::ids::ProductId;
use crate::domain::problem_code::ProblemCode;
use crate::domain::sku::Sku;

/// A requested line that can't be bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnavailableLine {
    /// The requested SKU; `None` if the request named a product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// The requested product; `None` if the request named a SKU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<ProductId>,
    /// The requested number of units.
    pub requested: u32,
    /// The available number of units.
    pub available: u32,
}

impl UnavailableLine {
    /// Creates the entry of a requested item that is not on sale.
    pub fn of_item(item: &RequestedItem) -> Self {
        let (sku, product_id) = match &item.which {
            VariantSelector::Sku(sku) => (Some(sku.clone()), None),
            VariantSelector::OnlyVariantOf(product) => (None, Some(*product)),
        };
        Self { sku, product_id, requested: item.quantity.get(), available: 0 }
    }

    /// Creates the entry of a line that is not on sale.
    pub fn of_line(line: &CartLine) -> Self {
        let requested = line.quantity.get();
        Self { sku: Some(line.sku.clone()), product_id: None, requested, available: 0 }
    }
}

/// Creates the 409 error for lines that can't be bought; `code` is `out_of_stock`, or `unavailable`
/// if they are no longer sold.
pub fn unavailable_lines(code: ProblemCode, lines: &[UnavailableLine]) -> Conflict {
    let detail = match code {
        ProblemCode::OutOfStock => {
            "Some items are out of stock; see `lines` for the available units."
        }
        _ => "Some items are no longer sold; remove those in `lines`.",
    };
    Conflict::new(code, detail).with("lines", serde_json::json!(lines))
}
