//! Stock in WooCommerce, which is a number, a plain yes or no, or that of the parent.

use super::cell;
use crate::import::cells::Cells;
use crate::import::product::Variant;
use crate::import::row::{Group, Problem};
use crate::import::units::units;

const SHARED: (&str, &str) = (
    "stock_shared",
    "the variations share the stock of their product, and each variant here has its own: its stock \
     is 0; write its number into the column Stock, or set it here",
);
const SELLS_ON: (&str, &str) = (
    "sold_when_out_of_stock",
    "it is sold when it is out of stock, so its stock is not tracked here, and its number is left \
     out: write 0 into Backorders allowed? if its sale is to end with its stock",
);
const BELOW_ZERO: (&str, &str) =
    ("stock_below_zero", "its stock is below 0 and becomes 0: correct it here when goods arrive");
const OUT_OF_STOCK: (&str, &str) = (
    "out_of_stock",
    "it is out of stock without a number, so its stock is tracked here and is 0: set it here when \
     goods arrive",
);

/// Sets whether a variant's stock is tracked, and how much there is. `parent` is the product's row,
/// if the variant is a variation.
pub fn set(
    variant: &mut Variant,
    cells: &Cells<'_>,
    parent: Option<&Cells<'_>>,
    group: &mut Group,
) -> Result<(), Problem> {
    let columns = cells.columns();
    if !columns.has("Stock") && !columns.has("In stock?") {
        return Ok(());
    }
    let number = cell(cells, "Stock").filter(|number| *number != "parent");
    // A variation without a number of its own has the product's, if that has one.
    let shared = parent.filter(|parent| number.is_none() && cell(parent, "Stock").is_some());
    let (is_tracked, units, told) = if sells_on(cells) || shared.is_some_and(sells_on) {
        (false, 0, Some(SELLS_ON))
    } else if shared.is_some() {
        (true, 0, Some(SHARED))
    } else if let Some(number) = number {
        let units = units(number)?;
        (true, units.max(0), (units < 0).then_some(BELOW_ZERO))
    } else if cell(cells, "In stock?") == Some("0") {
        (true, 0, Some(OUT_OF_STOCK))
    } else {
        (false, 0, None)
    };
    variant.set("track_stock", is_tracked);
    if is_tracked {
        variant.set("stock", units);
    }
    if let Some((kind, reason)) = told {
        group.change(variant.line, Some(&variant.sku), Problem::new(kind, reason));
    }
    Ok(())
}

/// Whether something is sold when it is out of stock.
fn sells_on(cells: &Cells<'_>) -> bool {
    matches!(cell(cells, "Backorders allowed?"), Some("1" | "notify"))
        || cell(cells, "In stock?") == Some("backorder")
}
