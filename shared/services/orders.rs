//! Changes to orders: read the order, decide on the transition, and commit it.

use crate::context::Ctx;
use crate::domain::error::Result;
use crate::domain::ids::OrderId;
use crate::domain::order::{
    Actor, Change, Order, OrderHeader, OrderStatus, Transition, UnpaidOrderChange,
};
use crate::domain::order_filter::OrderFilter;
use crate::domain::page::{Page, Paging};
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
    let cancel = Change::to(OrderStatus::Cancelled);
    let mut attempts = attempts();
    loop {
        let order = ctx.store.orders().get(id, viewer, ctx.now()).await?;
        if order.summary.status == OrderStatus::Cancelled {
            return Ok(order);
        }
        expected.check(order.summary.version)?;
        if let Some(cancelled) = apply(ctx, &order, &cancel, viewer.actor()).await? {
            return Ok(cancelled);
        }
        attempts.pause().await?;
    }
}

/// Changes an order; returns one that has all that the change says as it is. 404 if the viewer may
/// not see it, 412 if it does not have the expected version, 409 if its status does not allow it.
pub async fn change(
    ctx: &Ctx,
    id: OrderId,
    viewer: &Viewer,
    change: &Change,
    expected: &ExpectedVersion,
) -> Result<Order> {
    let mut attempts = attempts();
    loop {
        let order = ctx.store.orders().get(id, viewer, ctx.now()).await?;
        expected.check(order.summary.version)?;
        if change.is_nothing_for(&order) {
            return Ok(order);
        }
        if let Some(changed) = apply(ctx, &order, change, viewer.actor()).await? {
            return Ok(changed);
        }
        attempts.pause().await?;
    }
}

/// Expires an order whose time to be paid is over, as it was read; false if it was paid, cancelled or
/// expired meanwhile.
pub async fn expire(ctx: &Ctx, mut order: Order) -> Result<bool> {
    let expire = Change::to(OrderStatus::Expired);
    let mut attempts = attempts();
    while order.is_overdue(ctx.now()) {
        if apply(ctx, &order, &expire, Actor::Clock).await?.is_some() {
            return Ok(true);
        }
        attempts.pause().await?;
        match ctx.store.orders().find(order.id).await? {
            Some(changed) => order = changed,
            None => return Ok(false),
        }
    }
    Ok(false)
}

/// Returns a page of all orders that a filter selects, newest first. An e-mail address selects the
/// orders of the account that has it now, and those of guests who named it.
pub async fn list_all(
    ctx: &Ctx,
    wanted: &OrderFilter,
    paging: &Paging,
) -> Result<Page<OrderHeader>> {
    let account = match &wanted.email {
        Some(email) if wanted.number.is_none() && wanted.user_id.is_none() => {
            ctx.store.credentials().get(email).await?.map(|credential| credential.user_id)
        }
        _ => None,
    };
    ctx.store.orders().all(wanted, account, paging).await
}

fn attempts() -> Attempts {
    Attempts::new("an order changes faster than it can be changed")
}

/// Applies a change to an order as it was read; `None` if it has changed since.
async fn apply(ctx: &Ctx, order: &Order, change: &Change, actor: Actor) -> Result<Option<Order>> {
    let now = ctx.now();
    let transition = order.apply(change, actor, now)?;
    let is_written = commit(ctx, order, &transition, now).await?;
    Ok(is_written.then_some(transition.order))
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
