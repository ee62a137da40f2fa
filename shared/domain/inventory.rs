//! The stock of one variant, and how admins change it.

use serde::Deserialize;

use super::error::{Conflict, Error, Result};
use super::ids::ProductId;
use super::message::{Event, LowStock};
use super::patch::Patch;
use super::problem_code::ProblemCode;
use super::product::{Options, VariantStatus};
use super::quantity::Stock;
use super::sku::Sku;
use super::stock::{self, LedgerEntry, Movement, MovementReason, StockChange, StockDelta};
use super::text::{ProductName, StockReason};
use super::time::Timestamp;

/// The stock of a variant: the part of its item that says how much there is.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Inventory {
    /// The variant's SKU.
    pub sku: Sku,
    /// Its product.
    pub product_id: ProductId,
    /// The product's name.
    pub name: ProductName,
    /// Its options, such as size and color.
    #[serde(default)]
    pub options: Options,
    /// Whether it can be bought.
    pub status: VariantStatus,
    /// The number of units in stock, whether or not stock is tracked.
    pub available: Stock,
    /// Whether stock is tracked.
    #[serde(default = "stock::is_tracked_by_default")]
    pub track_stock: bool,
    /// The product's threshold.
    pub low_stock_threshold: Option<Stock>,
    /// Its own threshold; `None` if the product's applies.
    pub own_low_stock_threshold: Option<Stock>,
    /// How often its stock has changed, the first movement included.
    #[serde(default)]
    pub movements: u64,
    /// The latest movement.
    movement: Option<Movement>,
    /// How often its own threshold has changed.
    #[serde(default)]
    pub threshold_changes: u64,
    /// When its own threshold last changed.
    threshold_changed_at: Option<Timestamp>,
}

/// What an admin sets; what is not named stays.
#[derive(Debug, Clone)]
pub struct InventorySettings {
    /// The number of units in stock.
    pub available: Option<Stock>,
    /// The variant's own threshold.
    pub low_stock_threshold: Patch<Stock>,
    /// The reason.
    pub reason: Option<StockReason>,
}

/// A change of a variant's stock or of its threshold by an admin.
#[derive(Debug, Clone)]
pub struct InventoryChange {
    /// The movement; `None` if the stock stays.
    pub stock: Option<StockChange>,
    /// The change of its own threshold.
    pub threshold: Patch<Stock>,
    /// The stock after the change.
    pub after: Inventory,
}

impl Inventory {
    /// The number of units that can be bought; `None` if any number can, because stock is not tracked.
    pub fn units_left(&self) -> Option<Stock> {
        self.track_stock.then_some(self.available)
    }

    /// Stock at or below this number of units is low: its own threshold, or else the product's.
    pub fn threshold(&self) -> Option<Stock> {
        self.own_low_stock_threshold.or(self.low_stock_threshold)
    }

    /// Whether stock is tracked and at or below the threshold.
    pub fn is_low(&self) -> bool {
        self.track_stock && self.threshold().is_some_and(|threshold| self.available <= threshold)
    }

    /// Whether the variant was removed from its product.
    pub fn is_withdrawn(&self) -> bool {
        self.status == VariantStatus::Withdrawn
    }

    /// Whether it belongs into the list of low stock.
    pub fn is_listed_as_low(&self) -> bool {
        self.is_low() && !self.is_withdrawn()
    }

    /// Rises by 1 with each movement and each change of its own threshold. Both numbers only rise, so
    /// each version has one stock and one threshold of its own.
    pub fn version(&self) -> u64 {
        self.movements + self.threshold_changes
    }

    /// When its stock or its own threshold last changed.
    pub fn updated_at(&self) -> Option<Timestamp> {
        let moved_at = self.movement.as_ref().map(|movement| movement.at);
        moved_at.max(self.threshold_changed_at)
    }

    /// Returns the stock right after a movement, given the stock right before it. What has changed is
    /// what counts, whatever the writer said.
    #[must_use]
    pub fn since(mut self, before: Option<&Self>) -> Self {
        let (available, movements) =
            before.map_or((0, 0), |before| (before.available.get(), before.movements));
        if let Some(movement) = &mut self.movement
            && self.movements == movements + 1
        {
            movement.delta = i64::from(self.available.get()) - i64::from(available);
        }
        self
    }

    /// The latest movement, as the ledger has it or soon will.
    pub fn latest_entry(&self) -> Option<LedgerEntry> {
        let movement = self.movement.clone()?;
        Some(LedgerEntry { number: self.movements, available_after: self.available, movement })
    }

    /// The alert about this stock, if the latest movement took it from above the threshold to it or
    /// below; `None` after any other movement, so that a low stock is told once.
    pub fn alert(&self) -> Option<Event> {
        let (threshold, movement) = (self.threshold()?, self.movement.as_ref()?);
        let before = i64::from(self.available.get()) - movement.delta;
        let has_crossed = self.is_listed_as_low() && before > i64::from(threshold.get());
        let stock = || LowStock {
            product_id: self.product_id,
            sku: self.sku.clone(),
            available: self.available,
            threshold,
        };
        has_crossed.then(|| Event::LowStock { stock: stock(), user_id: None })
    }

    /// Decides on a change by a number of units. 409 `out_of_stock` if fewer are left than it removes,
    /// `stock_not_tracked`; 422 if more would be in stock than can be.
    pub fn adjust(
        &self,
        delta: StockDelta,
        reason: StockReason,
        now: Timestamp,
    ) -> Result<InventoryChange> {
        let after = i64::from(self.available.get()) + delta.get();
        if !self.track_stock {
            return Err(self.not_tracked());
        }
        let Ok(after) = u32::try_from(after) else {
            let available = self.available.get();
            let detail = format!("Only {available} units of {} are in stock.", self.sku);
            return Err(Conflict::new(ProblemCode::OutOfStock, detail)
                .with("sku", self.sku.as_str())
                .with("requested", delta.get().unsigned_abs())
                .with("available", available)
                .into());
        };
        if after > Stock::MAX {
            let detail = format!("There would be more than {} units in stock.", Stock::MAX);
            return Err(Error::invalid("/delta", ProblemCode::StockOutOfRange, detail));
        }
        let reason = (MovementReason::Adjustment, Some(reason));
        Ok(self.changed(Some((Stock::new(after), reason)), Patch::Keep, now))
    }

    /// Decides on new settings; `None` if they change nothing. 409 `stock_not_tracked` if they name a
    /// number of units although stock is not tracked.
    pub fn set(
        &self,
        settings: &InventorySettings,
        now: Timestamp,
    ) -> Result<Option<InventoryChange>> {
        let InventorySettings { available, low_stock_threshold, reason } = settings;
        if available.is_some() && !self.track_stock {
            return Err(self.not_tracked());
        }
        let own = self.own_low_stock_threshold;
        let threshold = match low_stock_threshold.clone() {
            // Clients send back what they have read, which is the threshold that applies.
            Patch::Set(new) if self.threshold() == Some(new) => Patch::Keep,
            Patch::Remove if own.is_none() => Patch::Keep,
            change => change,
        };
        let stock = available.filter(|new| *new != self.available);
        if stock.is_none() && threshold == Patch::Keep {
            return Ok(None);
        }
        let reason = (MovementReason::Set, reason.clone());
        Ok(Some(self.changed(stock.map(|stock| (stock, reason)), threshold, now)))
    }

    fn changed(
        &self,
        stock: Option<(Stock, (MovementReason, Option<StockReason>))>,
        threshold: Patch<Stock>,
        now: Timestamp,
    ) -> InventoryChange {
        let mut after = self.clone();
        let stock = stock.map(|(available, (reason, note))| {
            let delta = i64::from(available.get()) - i64::from(self.available.get());
            let (order_id, import_id) = (None, None);
            let movement = Movement { delta, reason, order_id, import_id, note, at: now };
            after.available = available;
            after.movements += 1;
            after.movement = Some(movement.clone());
            StockChange { product_id: self.product_id, sku: self.sku.clone(), movement }
        });
        if threshold != Patch::Keep {
            after.own_low_stock_threshold = match &threshold {
                Patch::Set(new) => Some(*new),
                Patch::Keep | Patch::Remove => None,
            };
            after.threshold_changes += 1;
            after.threshold_changed_at = Some(now);
        }
        InventoryChange { stock, threshold, after }
    }

    fn not_tracked(&self) -> Error {
        let detail = format!(
            "The stock of {} is not tracked. Set `track_stock` of the variant to true first.",
            self.sku
        );
        Conflict::new(ProblemCode::StockNotTracked, detail).with("sku", self.sku.as_str()).into()
    }
}

impl InventoryChange {
    /// The entry of the ledger; `None` if the stock stays.
    pub fn entry(&self) -> Option<LedgerEntry> {
        self.stock.as_ref().and_then(|_| self.after.latest_entry())
    }

    /// The alert about the stock after the change, if it is due.
    pub fn alert(&self) -> Option<Event> {
        self.stock.as_ref().and_then(|_| self.after.alert())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_unix_millis(1_767_225_600_000)
    }

    fn inventory(changes: Value) -> Inventory {
        let mut item = json!({
            "sku": "MUG", "product_id": ProductId::new(now()), "name": "Mug", "status": "on_sale",
            "available": 10, "low_stock_threshold": 5, "movements": 3,
            "movement": {"delta": -1, "reason": "sale", "at": now()},
        });
        let object = item.as_object_mut().unwrap();
        object.extend(changes.as_object().unwrap().clone());
        serde_json::from_value(item).unwrap()
    }

    fn reason() -> StockReason {
        StockReason::parse("counted".to_owned()).unwrap()
    }

    fn delta(units: i64) -> StockDelta {
        deserr::deserialize::<_, _, crate::domain::invalid::Invalid>(json!(units)).unwrap()
    }

    #[test]
    fn its_own_threshold_counts_before_the_products() {
        for (own, available, is_low) in [
            (json!(null), 6, false),
            (json!(null), 5, true),
            (json!(2), 5, false),
            (json!(2), 2, true),
            (json!(0), 0, true),
        ] {
            let stock = inventory(json!({"own_low_stock_threshold": own, "available": available}));
            assert_eq!(stock.is_low(), is_low, "{stock:?}");
        }
        let without = inventory(json!({"low_stock_threshold": null, "available": 0}));
        assert!(!without.is_low(), "no threshold, never low");
        let untracked = inventory(json!({"available": 0, "track_stock": false}));
        assert!(!untracked.is_low(), "there is always enough");
    }

    #[test]
    fn an_alert_is_due_only_after_the_movement_that_crosses_the_threshold() {
        for (available, last, is_due) in
            [(5, -1, true), (4, -1, false), (6, -1, false), (0, -6, true), (3, 3, false)]
        {
            let movement = json!({"delta": last, "reason": "sale", "at": now()});
            let stock = inventory(json!({"available": available, "movement": movement}));
            assert_eq!(stock.alert().is_some(), is_due, "{available} after {last}");
        }
        let withdrawn = inventory(json!({"available": 5, "status": "withdrawn"}));
        assert!(withdrawn.alert().is_none());
    }

    #[test]
    fn an_adjustment_takes_stock_neither_below_zero_nor_above_the_most() {
        let stock = inventory(json!({}));
        let change = stock.adjust(delta(-10), reason(), now()).unwrap();
        assert_eq!(change.after.available.get(), 0);
        assert_eq!(change.entry().unwrap().number, 4);
        assert!(change.alert().is_some());
        for (units, code) in [(-11, "out_of_stock"), (999_999_991, "stock_out_of_range")] {
            let refused = stock.adjust(delta(units), reason(), now()).unwrap_err();
            let found = match &refused {
                Error::Conflict(conflict) => conflict.code.slug(),
                Error::Invalid(invalid) => invalid.fields()[0].code.slug(),
                other => panic!("{other:?}"),
            };
            assert_eq!(found, code, "{units}");
        }
        let untracked = inventory(json!({"track_stock": false}));
        assert!(untracked.adjust(delta(1), reason(), now()).is_err());
    }

    #[test]
    fn settings_change_what_they_name_and_only_if_it_differs() {
        let stock = inventory(json!({"own_low_stock_threshold": 2}));
        let settings = |available: Option<u32>, low_stock_threshold| InventorySettings {
            available: available.map(Stock::new),
            low_stock_threshold,
            reason: None,
        };
        for same in [
            settings(None, Patch::Keep),
            settings(Some(10), Patch::Keep),
            settings(Some(10), Patch::Set(Stock::new(2))),
        ] {
            assert!(stock.set(&same, now()).unwrap().is_none(), "{same:?}");
        }
        let both = settings(Some(4), Patch::Remove);
        let change = stock.set(&both, now()).unwrap().unwrap();
        assert_eq!(change.after.version(), stock.version() + 2);
        assert_eq!(change.stock.as_ref().unwrap().movement.delta, -6);
        assert_eq!(change.after.threshold().map(Stock::get), Some(5), "the product's");
        assert!(change.alert().is_some(), "from 10 to 4, with a threshold of 5 now");
        let untracked = inventory(json!({"track_stock": false}));
        assert!(untracked.set(&settings(Some(4), Patch::Keep), now()).is_err());
        assert!(untracked.set(&settings(None, Patch::Set(Stock::new(4))), now()).is_ok());
    }
}
