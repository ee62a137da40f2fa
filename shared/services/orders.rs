//! Changes to orders: read the order, decide on the transition, and commit it.

use crate::context::Ctx;
use crate::domain::error::Result;
use crate::domain::ids::OrderId;
use crate::domain::order::{Change, Order, OrderStatus, Transition, UnpaidOrderChange};
use crate::domain::time::Timestamp;
use crate::domain::version::ExpectedVersion;
use crate::domain::viewer::Viewer;
use crate::store::retry::Attempts;
use crate::store::transaction::{Outcome, Transaction};

/// Cancels an order; returns one that is cancelled already as it is. 404 if the viewer may not see
/// it, 412 if it does not have the expected version, 409 if its status does not allow it.
pub async fn cancel(
    ctx: &Ctx,
    id: OrderId,
    viewer: &Viewer,
    expected: &ExpectedVersion,
) -> Result<Order> {
    let now = ctx.now();
    let mut attempts = Attempts::new("an order changes faster than it can be cancelled");
    loop {
        let order = ctx.store.orders().get(id, viewer, now).await?;
        if order.summary.status == OrderStatus::Cancelled {
            return Ok(order);
        }
        expected.check(order.summary.version)?;
        let change = Change::Status(OrderStatus::Cancelled);
        let transition = order.apply(&change, viewer.actor(), now)?;
        if commit(ctx, &order, &transition, now).await? {
            return Ok(transition.order);
        }
        attempts.pause().await?;
    }
}

/// Why a transition was not written.
enum Refused {
    /// The order has changed since it was read.
    Order,
    /// The guest's cart that counts the order was merged, or it has expired.
    Cart,
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
    match write(ctx, before, transition, true, now).await? {
        Outcome::Committed => Ok(true),
        // There is no place left to free.
        Outcome::Refused(refused) if refused.iter().all(|it| matches!(it, Refused::Cart)) => {
            Ok(write(ctx, before, transition, false, now).await?.is_committed())
        }
        Outcome::Refused(_) => Ok(false),
    }
}

async fn write(
    ctx: &Ctx,
    before: &Order,
    transition: &Transition,
    has_cart: bool,
    now: Timestamp,
) -> Result<Outcome<Refused>> {
    let (store, order) = (&ctx.store, &transition.order);
    let replaced = store.orders().replace(before, order).map_refusal(|_| Refused::Order);
    let mut transaction = Transaction::with_new_token(now).with(replaced);
    if let UnpaidOrderChange::Removed(cart) = &transition.unpaid
        && has_cart
    {
        let freed = store.carts().remove_unpaid_order(cart, order.id);
        transaction = transaction.with(freed.map_refusal(|_| Refused::Cart));
    }
    for change in &transition.stock {
        transaction = transaction.with(store.products().return_to_stock(change));
    }
    for event in &transition.messages {
        transaction = transaction.with(store.outbox().add(event.clone(), now)?);
    }
    store.transact(transaction).await
}
