//! Changes to orders: read the order, decide on the transition, and commit it.

use crate::context::Ctx;
use crate::domain::error::Result;
use crate::domain::ids::OrderId;
use crate::domain::order::{Change, Order, OrderStatus, Transition, UnpaidOrderChange};
use crate::domain::time::Timestamp;
use crate::domain::version::ExpectedVersion;
use crate::domain::viewer::Viewer;
use crate::store::ChangedMeanwhile;
use crate::store::retry::Attempts;
use crate::store::transaction::Transaction;

/// Cancels an order; returns one that is cancelled already as it is. 404 if the viewer may not see
/// it, 412 if it does not have the expected version, 409 if its status does not allow it.
pub async fn cancel(
    ctx: &Ctx,
    id: OrderId,
    viewer: Viewer,
    expected: &ExpectedVersion,
) -> Result<Order> {
    let now = ctx.now();
    let mut attempts = Attempts::new("an order changes faster than it can be cancelled");
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

/// Writes a transition of an order and everything that belongs to it (stock, unpaid orders,
/// messages) in one transaction, on condition that the stored version is still that of `before`;
/// returns false if it is not. So of two concurrent cancellations only one returns the stock.
pub async fn commit(
    ctx: &Ctx,
    before: &Order,
    transition: &Transition,
    now: Timestamp,
) -> Result<bool> {
    let (store, order) = (&ctx.store, &transition.order);
    let mut transaction: Transaction<ChangedMeanwhile> =
        Transaction::with_new_token(now).with(store.orders().replace(before, order));
    if let UnpaidOrderChange::Removed(customer) = transition.unpaid {
        transaction = transaction.with(store.carts().remove_unpaid_order(customer, order.id));
    }
    for change in &transition.stock {
        transaction = transaction.with(store.products().return_to_stock(change));
    }
    for event in &transition.messages {
        transaction = transaction.with(store.outbox().add(event.clone(), now)?);
    }
    Ok(store.transact(transaction).await?.is_committed())
}
