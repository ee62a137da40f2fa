//! The stock of variants in the hands of admins: how much there is, what is low, and every change.

use tracing::error;

use super::idempotency::Once;
use crate::context::Ctx;
use crate::domain::error::{Error, Result};
use crate::domain::idempotency::{Idempotency, StoredResult};
use crate::domain::inventory::{Inventory, InventoryChange, InventorySettings};
use crate::domain::page::{Page, Paging};
use crate::domain::sku::Sku;
use crate::domain::stock::{LedgerEntry, LedgerRow, MovementId, StockDelta};
use crate::domain::text::StockReason;
use crate::domain::time::Timestamp;
use crate::domain::version::ExpectedVersion;
use crate::store::retry::Attempts;
use crate::store::transaction::{Outcome, Transaction};

/// Returns a page of all stock that is low or not low, or of both, in the order of the SKUs. Stock of
/// variants that were withdrawn is left out.
pub async fn list(ctx: &Ctx, is_low: Option<bool>, paging: &Paging) -> Result<Page<Inventory>> {
    let page = ctx.store.inventory().list(is_low == Some(true), paging).await?;
    // The index may not show the latest crossing yet.
    let is_wanted =
        |it: &Inventory| !it.is_withdrawn() && is_low.is_none_or(|is_low| it.is_low() == is_low);
    Ok(page.filter_map(|stock| Some(stock).filter(is_wanted)))
}

/// Sets the stock of a SKU, its threshold, or both. 404 if no product holds the SKU, 412 if its stock
/// does not have the expected version, 409 `stock_not_tracked`.
pub async fn set(
    ctx: &Ctx,
    sku: &Sku,
    settings: &InventorySettings,
    expected: &ExpectedVersion,
) -> Result<Inventory> {
    let mut attempts = attempts();
    loop {
        let (stock, now) = (ctx.store.inventory().get(sku).await?, ctx.now());
        expected.check(stock.version())?;
        let Some(change) = stock.set(settings, now)? else { return Ok(stock) };
        match commit(ctx, &stock, &change, None, now).await? {
            Outcome::Committed => return Ok(change.after),
            Outcome::Refused(_) => attempts.pause().await?,
        }
    }
}

/// Adds units to the stock of a SKU or removes some; returns the movement. 404 if no product holds the
/// SKU, 409 `out_of_stock` if fewer are left than are removed, `stock_not_tracked`.
pub async fn adjust(
    ctx: &Ctx,
    sku: &Sku,
    delta: StockDelta,
    reason: &StockReason,
    idempotency: Option<&Idempotency>,
) -> Result<Once<(MovementId, LedgerEntry)>> {
    let mut attempts = attempts();
    loop {
        let (stock, now) = (ctx.store.inventory().get(sku).await?, ctx.now());
        let change = stock.adjust(delta, reason.clone(), now)?;
        let entry = change.entry().ok_or_else(|| Error::internal("an adjustment moves stock"))?;
        let id = MovementId {
            product_id: stock.product_id,
            sku: stock.sku.clone(),
            number: entry.number,
        };
        let outcome = commit(ctx, &stock, &change, idempotency.map(|key| (key, &id)), now).await?;
        match outcome.first() {
            Ok(()) => return Ok(Once::New((id, entry))),
            Err(Refused::Replayed(remembered)) => return Ok(Once::Replayed(remembered)),
            Err(Refused::ChangedMeanwhile) => attempts.pause().await?,
        }
    }
}

/// Returns a page of the movements of a SKU's stock, the newest first. What the ledger lacks is one
/// movement without an explanation; if the table's stream can't bring it any more, the log says so.
pub async fn movements(
    ctx: &Ctx,
    sku: &Sku,
    paging: &Paging,
) -> Result<(Inventory, Page<LedgerRow>)> {
    let (stock, now) = (ctx.store.inventory().get(sku).await?, ctx.now());
    let page = ctx.store.ledger().list(&stock, paging, now).await?;
    for row in &page.items {
        // Those before the first entry are from before there was a ledger.
        if let LedgerRow::Unexplained(missing) = row
            && missing.first > 1
            && missing.is_lost(now)
        {
            let product_id = stock.product_id;
            error!(event = "movements_lost", %sku, %product_id, first = missing.first, last = missing.last, delta = missing.delta, "movements are not in the ledger: find out what changed the stock");
        }
    }
    Ok((stock, page))
}

const CREATED: u16 = 201;

/// Why a change was not written.
enum Refused {
    Replayed(StoredResult),
    ChangedMeanwhile,
}

/// Writes a change of stock, its movement in the ledger, the alert that it causes, and the result
/// under an idempotency key, together or not at all.
async fn commit(
    ctx: &Ctx,
    before: &Inventory,
    change: &InventoryChange,
    idempotency: Option<(&Idempotency, &MovementId)>,
    now: Timestamp,
) -> Result<Outcome<Refused>> {
    let store = &ctx.store;
    let mut transaction = Transaction::with_new_token(now);
    if let Some((idempotency, id)) = idempotency {
        let remembered = StoredResult { resource: id.to_string(), status: CREATED };
        for marker in store.idempotency().store_result(idempotency, &remembered, now)? {
            transaction = transaction.with(marker.map_refusal(Refused::Replayed));
        }
    }
    let stock = store.inventory().change(before, change, now);
    transaction = transaction.with(stock.map_refusal(|_| Refused::ChangedMeanwhile));
    if let Some(entry) = change.entry() {
        let entry = store.ledger().create(&change.after, &entry)?;
        transaction = transaction.with(entry.map_refusal(|_| Refused::ChangedMeanwhile));
    }
    if let Some(alert) = change.alert() {
        transaction = transaction.with(store.outbox().add(alert, now)?);
    }
    store.transact(transaction).await
}

fn attempts() -> Attempts {
    Attempts::new("stock changes faster than it can be set")
}
