//! The stock that an import sets. Each setting leaves a marker with the import's identifier, in the
//! same transaction, so that a repeated one does not undo the sales since.

use time::Duration;

use serde::Serialize;

use super::Products;
use crate::domain::error::Result;
use crate::domain::ids::ProductId;
use crate::domain::import_id::ImportId;
use crate::domain::quantity::Stock;
use crate::domain::sku::Sku;
use crate::domain::stock::{Movement, MovementReason, StockChange};
use crate::domain::time::Timestamp;
use crate::store::expression::{Comparison, is_number, missing, sorts};
use crate::store::item::to_item;
use crate::store::keys;
use crate::store::transaction::{Outcome, Transaction};
use crate::store::write::Write;

/// The stock that an import sets for a variant.
#[derive(Debug, Clone)]
pub struct StockSetting {
    /// The variant's product.
    pub product_id: ProductId,
    /// The variant.
    pub sku: Sku,
    /// The units in stock that were read.
    pub from: Stock,
    /// The units in stock that are set.
    pub to: Stock,
}

/// Why the stock of a variant was not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSet {
    /// The same import has set it before.
    SetBefore,
    /// It changed after it was read.
    ChangedMeanwhile,
}

const MARKER: &str = "stock_setting";

/// How long an import can be sent again.
const MARKER_LIFETIME: Duration = Duration::days(30);

#[derive(Serialize)]
struct Marker {
    expires_at: Timestamp,
}

impl StockSetting {
    /// The most writes of a setting.
    pub const WRITES: usize = 2;

    fn change(&self, import: Option<&ImportId>, now: Timestamp) -> StockChange {
        let movement = Movement {
            delta: i64::from(self.to.get()) - i64::from(self.from.get()),
            reason: MovementReason::Import,
            order_id: None,
            import_id: import.cloned(),
            note: None,
            at: now,
        };
        StockChange { product_id: self.product_id, sku: self.sku.clone(), movement }
    }
}

impl Products<'_> {
    /// Sets the stock of different variants together or not at all, each on condition that it is
    /// still what was read and, with an `import`, that this import has not set it before. Without
    /// an `import`, at least one setting must change something.
    pub async fn set_stock(
        self,
        settings: &[StockSetting],
        import: Option<&ImportId>,
        now: Timestamp,
    ) -> Result<Outcome<NotSet>> {
        let mut transaction = Transaction::with_new_token(now);
        for setting in settings {
            if let Some(import) = import {
                let key = keys::import_marker(import, &setting.sku);
                let expires_at = now.plus(MARKER_LIFETIME);
                let is_new = missing().or(sorts("expires_at", Comparison::AtMost, now));
                let marker = Write::put(to_item(MARKER, key, &Marker { expires_at })?);
                let marker = marker.when(is_new, || NotSet::SetBefore).expires(expires_at);
                transaction = transaction.with(marker);
            }
            if setting.from != setting.to {
                let is_as_read = is_number("available", u64::from(setting.from.get()));
                let write = super::sales::stock_update(&setting.change(import, now));
                transaction = transaction.with(write.when(is_as_read, || NotSet::ChangedMeanwhile));
            }
        }
        self.0.transact(transaction).await
    }
}
