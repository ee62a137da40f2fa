//! A variant of Shopify's.

use serde_json::Map;

use super::{OPTIONS, is_true};
use crate::import::cells::Cells;
use crate::import::prices;
use crate::import::product::{Context, Product, Variant};
use crate::import::row::{Group, Problem};
use crate::import::skus;
use crate::import::units::units;
use crate::import::weights::{self, Unit};

/// Reads a variant; an error if it can't be taken.
pub fn read(
    product: &Product,
    line: u64,
    cells: &Cells<'_>,
    context: &Context,
    group: &mut Group,
) -> Result<Variant, Problem> {
    let price = |column| match cells.filled(column) {
        Some(text) => prices::read(text, context.currency, context.separator).map(Some),
        None => Ok(None),
    };
    let own = price("Price")?.ok_or_else(|| {
        Problem::new("no_price", "the variant has no price: write one, 0 if it is free")
    })?;
    let options = options(product, cells);
    let (sku, changed) = sku(product, cells, &options)?;
    let (compare_at_price, members) = (None, Map::new());
    let mut variant = Variant { line, sku, options, price: own, compare_at_price, members };
    if let Some(problem) = changed {
        group.change(line, Some(&variant.sku), problem);
    }
    variant.compare_at(price("Compare-at price")?, group);
    set_stock(&mut variant, cells, group)?;
    if let Some(grams) = cells.get("Grams") {
        let grams = if grams.is_empty() { Ok(None) } else { weights::read(grams, Unit::Gram) };
        variant.weight(grams, group);
    }
    if cells.columns().has("Barcode") {
        variant.barcode(cells.filled("Barcode"), group);
    }
    if cells.columns().has("Variant image") {
        variant.image(cells.filled("Variant image"), group);
    }
    Ok(variant)
}

fn options(product: &Product, cells: &Cells<'_>) -> Vec<(String, String)> {
    // The names that the product has are those of the first columns.
    let names = product.option_names.iter();
    let values = OPTIONS.iter().map(|(_, value)| cells.filled(value));
    let pairs = names.zip(values);
    pairs.filter_map(|(name, value)| Some((name.clone(), value?.to_owned()))).collect()
}

/// Returns the SKU of the file, or one made of handle and options, and what to say about it.
fn sku(
    product: &Product,
    cells: &Cells<'_>,
    options: &[(String, String)],
) -> Result<(String, Option<Problem>), Problem> {
    if let Some(sku) = cells.filled("SKU").filter(|sku| *sku != "'") {
        return skus::read(sku);
    }
    let values = options.iter().map(|(_, value)| value.as_str());
    let texts: Vec<_> = std::iter::once(product.key.as_str()).chain(values).collect();
    let sku = skus::derive(&texts);
    let reason = format!(
        "the variant has no SKU: it gets {sku}, made of handle and options; write another in the file \
         if you want one"
    );
    Ok((sku, Some(Problem::new("sku_derived", reason))))
}

fn set_stock(variant: &mut Variant, cells: &Cells<'_>, group: &mut Group) -> Result<(), Problem> {
    let (line, sku) = (variant.line, variant.sku.clone());
    let quantity = cells.filled("Inventory quantity").map(units).transpose()?;
    if !cells.columns().has("Inventory tracker") {
        if let Some(units) = quantity {
            variant.set("track_stock", true);
            variant.set("stock", units.max(0));
        }
        return Ok(());
    }
    let is_tracked = cells.filled("Inventory tracker").is_some();
    let sells_on = |policy: &str| policy.eq_ignore_ascii_case("continue") || is_true(policy);
    let sells_on = cells.filled("Inventory policy").is_some_and(sells_on);
    variant.set("track_stock", is_tracked && !sells_on);
    if !is_tracked {
        return Ok(());
    }
    if sells_on {
        let reason = "it is sold when it is out of stock, so its stock is not tracked here, and its \
                      quantity is left out: write deny (or FALSE) in that column if its sale is to end \
                      with its stock";
        group.change(line, Some(&sku), Problem::new("sold_when_out_of_stock", reason));
        return Ok(());
    }
    let problem = match quantity {
        Some(units) if units >= 0 => None,
        Some(units) => Some(Problem::new(
            "stock_below_zero",
            format!("its stock of {units} becomes 0: correct it here when goods arrive"),
        )),
        None => Some(Problem::new(
            "stock_unknown",
            "the file has no quantity, as files of shops with several locations have none: its stock \
             is 0; write the sum of its locations into the column Variant Inventory Qty, or set it \
             here",
        )),
    };
    variant.set("stock", quantity.unwrap_or(0).max(0));
    if let Some(problem) = problem {
        group.change(line, Some(&sku), problem);
    }
    Ok(())
}
