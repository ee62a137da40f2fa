//! Movements of stock.

use serde::{Deserialize, Serialize};

use super::ids::{OrderId, ProductId};
use super::sku::Sku;
use super::time::Timestamp;

/// Why a variant's stock changed. The variant item carries its latest movement, so that the
/// table's stream holds the whole ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// Units that came (positive) or went (negative).
    pub delta: i64,
    /// Why.
    pub reason: MovementReason,
    /// The order behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// When.
    pub at: Timestamp,
}

/// A movement of one variant's stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockChange {
    /// The variant's product.
    pub product_id: ProductId,
    /// The variant.
    pub sku: Sku,
    /// What moves, and why.
    pub movement: Movement,
}

/// Why stock changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovementReason {
    /// A new SKU begins with it.
    Initial,
    /// An order took it.
    Sale,
    /// A cancelled order gave it back.
    Cancellation,
    /// An order that expired unpaid gave it back.
    Expiry,
}

impl Movement {
    /// The stock that a new SKU begins with.
    pub fn initial(stock: u32, at: Timestamp) -> Self {
        Self { delta: i64::from(stock), reason: MovementReason::Initial, order_id: None, at }
    }
}
