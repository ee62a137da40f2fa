//! Views of stock and of its movements.

use schemars::JsonSchema;
use serde::Serialize;
use shared::Result;
use shared::domain::ids::{OrderId, ProductId};
use shared::domain::inventory::Inventory;
use shared::domain::product::{Options, VariantStatus};
use shared::domain::quantity::Stock;
use shared::domain::sku::Sku;
use shared::domain::stock::{
    LedgerEntry, LedgerRow, Movement, MovementId, MovementReason, UnexplainedMovement,
};
use shared::domain::text::ProductName;
use shared::domain::time::Timestamp;
use shared::http::Response;

/// The stock of a variant.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Inventory")]
pub(crate) struct InventoryView {
    sku: Sku,
    product_id: ProductId,
    /// The product's name.
    name: ProductName,
    #[serde(serialize_with = "Options::as_object")]
    options: Options,
    /// Whether the variant can be bought: `on_sale`, `hidden` (its product is a draft or archived) or
    /// `withdrawn` (removed from its product).
    status: VariantStatus,
    /// The number of units in stock; null if stock is not tracked, so that any number can be bought.
    available: Option<Stock>,
    /// Stock at or below this number of units is low: the variant's own threshold, or else the
    /// product's. Null if there is none.
    low_stock_threshold: Option<Stock>,
    /// The variant's own threshold; null if the product's applies.
    own_low_stock_threshold: Option<Stock>,
    /// Whether stock is tracked, and at or below the threshold. Never for a variant that was withdrawn.
    low_stock: bool,
    /// Rises with each movement, and each change of the variant's own threshold.
    version: u64,
    /// When the stock or the variant's own threshold last changed.
    updated_at: Option<Timestamp>,
}

/// A change of a stock.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "StockMovement")]
pub(crate) struct MovementView {
    /// Unique in the shop, and always the same for the same movement. That of an unexplained one changes
    /// if the record of one of its movements still comes.
    id: String,
    /// When it happened; of an unexplained one, when the movement after it happened.
    at: Timestamp,
    /// The number of units added (positive) or removed (negative).
    delta: i64,
    /// The number of units in stock after it.
    available_after: Stock,
    /// What caused it.
    cause: MovementCause,
    /// The reason in the words of the admin who made the change; otherwise the cause.
    reason: String,
    /// The order that caused it, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<OrderId>,
}

/// What changed a stock.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum MovementCause {
    Known(MovementReason),
    Unexplained(Unexplained),
}

/// It is not known: the record of one movement or several is lost.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Unexplained {
    Unexplained,
}

impl InventoryView {
    /// Returns 200 with the stock and its `ETag`.
    pub fn respond(stock: Inventory) -> Result<Response> {
        let version = stock.version();
        Ok(Response::ok(&Self::from(stock))?.version(version))
    }
}

impl From<Inventory> for InventoryView {
    fn from(stock: Inventory) -> Self {
        Self {
            available: stock.units_left(),
            low_stock_threshold: stock.threshold(),
            own_low_stock_threshold: stock.own_low_stock_threshold,
            low_stock: stock.is_listed_as_low(),
            status: stock.status,
            version: stock.version(),
            updated_at: stock.updated_at(),
            sku: stock.sku,
            product_id: stock.product_id,
            name: stock.name,
            options: stock.options,
        }
    }
}

impl MovementView {
    /// Shows a movement.
    pub fn of(id: &MovementId, entry: LedgerEntry) -> Self {
        let LedgerEntry { available_after, movement, .. } = entry;
        let Movement { delta, reason, order_id, note, at, .. } = movement;
        let words = note.map(|note| note.as_str().to_owned());
        Self {
            id: id.to_string(),
            at,
            delta,
            available_after,
            cause: MovementCause::Known(reason),
            reason: words.unwrap_or_else(|| reason.to_string()),
            order_id,
        }
    }

    /// Shows a row of the list of a stock's movements.
    pub fn of_row(stock: &Inventory, row: LedgerRow) -> Self {
        let id =
            |number| MovementId { product_id: stock.product_id, sku: stock.sku.clone(), number };
        match row {
            LedgerRow::Entry(entry) => Self::of(&id(entry.number), entry),
            LedgerRow::Unexplained(UnexplainedMovement {
                first,
                last,
                delta,
                available_after,
                before,
            }) => Self {
                id: format!("{}-{last}", id(first)),
                at: before,
                delta,
                available_after,
                cause: MovementCause::Unexplained(Unexplained::Unexplained),
                reason: "unexplained".to_owned(),
                order_id: None,
            },
        }
    }
}
