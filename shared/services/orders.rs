//! Changes of orders: read, decide, and commit what was decided.

use crate::context::Ctx;
use crate::domain::error::Result;
use crate::domain::ids::OrderId;
use crate::domain::order::{Change, Order, OrderStatus, Transition, UnpaidPlace};
use crate::domain::time::Timestamp;
use crate::domain::version::Expected;
use crate::domain::viewer::Viewer;
use crate::store::ChangedMeanwhile;
use crate::store::retry::Attempts;
use crate::store::transaction::Transaction;

/// Cancels an order; one that is cancelled stays so. 404 where the viewer must not see it, 412
/// where it is not the expected version, 409 where it can't be cancelled.
pub async fn cancel(ctx: &Ctx, id: OrderId, viewer: Viewer, expected: &Expected) -> Result<Order> {
    let now = ctx.now();
    let mut attempts = Attempts::at("an order changes faster than it can be cancelled");
    loop {
        let order = ctx.store.orders().get(id, viewer).await?;
        if order.summary.status == OrderStatus::Cancelled {
            return Ok(order);
        }
        expected.check(order.summary.version)?;
        let change = Change::Status(OrderStatus::Cancelled);
        let transition = order.apply(&change, viewer.role.into(), now)?;
        if commit(ctx, &order, &transition, now).await? {
            return Ok(transition.order);
        }
        attempts.pause().await?;
    }
}

/// Writes a transition of an order and all that it brings along, under the version that it was
/// decided on; false where somebody else changed the order in between. Between two cancellations
/// at once that version decides: one gives the stock back.
pub async fn commit(
    ctx: &Ctx,
    before: &Order,
    transition: &Transition,
    now: Timestamp,
) -> Result<bool> {
    let (store, order) = (&ctx.store, &transition.order);
    let mut transaction: Transaction<ChangedMeanwhile> =
        Transaction::unnamed(now).with(store.orders().replace(before, order));
    if let UnpaidPlace::Freed(customer) = transition.unpaid {
        transaction = transaction.with(store.carts().free_unpaid_place(customer, order.id));
    }
    for change in &transition.stock {
        transaction = transaction.with(store.products().give_back(change));
    }
    for event in &transition.messages {
        transaction = transaction.with(store.outbox().send(event.clone(), now)?);
    }
    Ok(store.transact(transaction).await?.is_committed())
}
