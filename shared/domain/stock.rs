//! Stock: how much is left of a variant, and the movements that change it.

mod delta;
mod ledger;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::{OrderId, ProductId};
use super::import_id::ImportId;
use super::sku::Sku;
use super::text::StockReason;
use super::time::Timestamp;

pub use delta::StockDelta;
pub use ledger::{LedgerEntry, LedgerPage, LedgerRow, MovementId, UnexplainedMovement};

/// Whether a variant can be bought: units are left, or its stock is not tracked.
pub const fn is_in_stock(track_stock: bool, available: u64) -> bool {
    !track_stock || available > 0
}

/// Whether stock is tracked according to an item that does not say so: it was stored when the stock
/// of every variant was tracked.
pub const fn is_tracked_by_default() -> bool {
    true
}

/// A change of a variant's stock and its reason. The variant's item holds the latest movement, so
/// that the table's stream contains all movements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// The number of units added (positive) or removed (negative).
    pub delta: i64,
    /// The reason.
    pub reason: MovementReason,
    /// The order that caused it, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// The import that set the stock, if one did and has an identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_id: Option<ImportId>,
    /// The reason in the words of the admin who changed the stock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<StockReason>,
    /// When the stock changed.
    pub at: Timestamp,
}

/// A stock movement and the variant that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockChange {
    /// The variant's product.
    pub product_id: ProductId,
    /// The variant.
    pub sku: Sku,
    /// The movement.
    pub movement: Movement,
}

/// The reason of a stock movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MovementReason {
    /// The initial stock of a new SKU.
    Initial,
    /// An order was placed.
    Sale,
    /// An order was cancelled.
    Cancellation,
    /// An order expired unpaid.
    Expiry,
    /// An import set the stock.
    Import,
    /// An admin set the stock.
    Set,
    /// An admin added or removed units.
    Adjustment,
}

impl fmt::Display for MovementReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Initial => "initial",
            Self::Sale => "sale",
            Self::Cancellation => "cancellation",
            Self::Expiry => "expiry",
            Self::Import => "import",
            Self::Set => "set",
            Self::Adjustment => "adjustment",
        })
    }
}

impl Movement {
    /// Creates the movement of a new SKU's initial stock.
    pub fn initial(stock: u32, at: Timestamp) -> Self {
        Self {
            delta: i64::from(stock),
            reason: MovementReason::Initial,
            order_id: None,
            import_id: None,
            note: None,
            at,
        }
    }
}
