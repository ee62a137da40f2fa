//! Sales of a product's variants: the writes that take units from stock, and those that return
//! them.

use super::super::expression::{
    Comparison, Condition, absent, compares, exists, is, is_bool, is_number,
};
use super::super::item::{Item, from_item};
use super::super::keys;
use super::super::write::{Changes, CheckedItem, Write};
use super::{Products, TRACK_STOCK};
use crate::domain::cart::CartLine;
use crate::domain::error::{Error, Result};
use crate::domain::product::{Variant, VariantStatus};
use crate::domain::stock::StockChange;

/// Why units of a variant can't be sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaleRefused {
    /// The variant does not exist or is not on sale.
    Unavailable,
    /// Fewer units are in stock than requested.
    OutOfStock {
        /// The units in stock.
        available: u32,
    },
    /// The variant's name, options, price or tax class changed after the cart line was made, or
    /// whether its stock is tracked.
    RevisionChanged,
}

impl Products<'_> {
    /// Returns the write that takes units of a variant from stock. Rejected unless the variant is
    /// on sale, its stock is tracked, it has enough units, and it has the revision that the buyer
    /// was shown (0: it has none).
    pub fn take_from_stock(
        self,
        change: &StockChange,
        revision: u64,
    ) -> Write<SaleRefused, Changes> {
        let units = change.movement.delta.unsigned_abs();
        let is_tracked = absent(TRACK_STOCK).or(is_bool(TRACK_STOCK, true));
        let has_units = compares("available", Comparison::AtLeast, units);
        let condition = is_sold_as(revision).and(is_tracked).and(has_units);
        stock_update(change).when_with_item(condition, move |item| sale_refused(item, units))
    }

    /// Returns the check that is in place of [`Self::take_from_stock`] for a line whose variant's
    /// stock is not tracked: it changes nothing. Rejected unless the variant is on sale, its stock
    /// is not tracked, and it has the line's revision.
    pub fn check_untracked(self, line: &CartLine) -> Write<SaleRefused, CheckedItem> {
        let units = line.quantity.get().into();
        let condition = is_sold_as(line.revision).and(is_bool(TRACK_STOCK, false));
        Write::check(keys::variant(line.product_id, &line.sku))
            .when_with_item(condition, move |item| sale_refused(item, units))
    }

    /// Returns the write that returns units of an order to the stock of their variant.
    pub fn return_to_stock<R>(self, change: &StockChange) -> Write<R, Changes> {
        stock_update(change).when_with_item(exists(), |_| {
            Err(Error::internal("a variant that an order refers to does not exist"))
        })
    }
}

/// Requires that a variant is on sale and has this revision.
fn is_sold_as(revision: u64) -> Condition {
    let has_revision = match revision {
        // An update of a variant without a revision that changes nothing a buyer is told stores 0.
        0 => absent("revision").or(is_number("revision", 0)),
        revision => is_number("revision", revision),
    };
    is("status", VariantStatus::OnSale).and(has_revision)
}

/// Returns why the sale of this many units was rejected, given the stored variant.
fn sale_refused(item: Option<Item>, units: u64) -> Result<SaleRefused> {
    let variant = item.map(from_item::<Variant>).transpose()?;
    Ok(match variant.filter(Variant::is_on_sale) {
        None => SaleRefused::Unavailable,
        Some(variant) if !variant.has_units(units) => {
            SaleRefused::OutOfStock { available: variant.available.get() }
        }
        Some(_) => SaleRefused::RevisionChanged,
    })
}

/// Returns the update of a variant for a stock movement: the number of units changes together with
/// the record of its cause.
pub(in crate::store) fn stock_update<R>(change: &StockChange) -> Write<R, Changes> {
    Write::update(keys::variant(change.product_id, &change.sku))
        .change_by("available", change.movement.delta)
        .set("movement", &change.movement)
        .change_by("movements", 1)
}
