//! The expiry of orders that were not paid in time: their units return to stock.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use futures_util::future::try_join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::Instant;

use super::orders;
use crate::context::Ctx;
use crate::crypto::random::below;
use crate::domain::error::{Error, Result};
use crate::domain::ids::OrderId;
use crate::domain::order::Order;
use crate::domain::time::Timestamp;
use crate::store::keys::{self, Key};

/// The result of a run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// Orders that this run expired.
    pub expired: u32,
    /// Orders that the index named, but that were already paid, cancelled or expired.
    pub settled: u32,
    /// Orders for which this run had no time.
    pub left: u32,
}

/// How long a run begins with further orders. The schedule starts the next one after a minute, so that
/// two may run at once; the version of each order decides which of them expires it.
const RUN: Duration = Duration::from_secs(110);

/// The most orders that are expired at once.
const AT_ONCE: usize = 32;

/// The most orders that a run reads ahead, to find some that have nothing in common. An order takes
/// some kilobytes.
const READ_AHEAD: usize = 2000;

/// The most keys that one `BatchGetItem` takes.
const READ_AT_ONCE: usize = 100;

/// Expires the orders whose time to be paid is over.
///
/// Two orders that return the same SKU, or free a place of the same buyer, are never in flight at once,
/// because their transactions would refuse each other. An order that fails does not stop the others;
/// the first error is returned at the end, and the next run tries again.
pub async fn expire_due(ctx: &Ctx) -> Result<Expiry> {
    let end = Instant::now() + RUN;
    let mut run = Run { due: due(ctx, ctx.now()).await?, ..Run::default() };
    // Runs that overlap begin at different orders.
    let start = below(run.due.len() as u64);
    run.due.rotate_left(usize::try_from(start).unwrap_or_default());
    let (mut reading, mut expiring) = (FuturesUnordered::new(), FuturesUnordered::new());
    loop {
        if Instant::now() < end {
            while expiring.len() < AT_ONCE
                && let Some(Waiting { order, writes }) = run.next()
            {
                expiring.push(async move {
                    let id = order.id;
                    (id, writes, orders::expire(ctx, order).await)
                });
            }
            if reading.is_empty() && expiring.len() < AT_ONCE && run.waiting.len() < READ_AHEAD {
                let ids: Vec<_> = run.due.drain(..run.due.len().min(READ_AT_ONCE)).collect();
                if !ids.is_empty() {
                    reading.push(ctx.store.orders().find_many(ids));
                }
            }
        }
        tokio::select! {
            Some(orders) = reading.next() => run.read(orders),
            Some((id, writes, outcome)) = expiring.next() => run.ended(id, writes, outcome),
            else => break,
        }
    }
    run.result.left = u32::try_from(run.due.len() + run.waiting.len()).unwrap_or(u32::MAX);
    run.failed.map_or(Ok(run.result), Err)
}

/// The state of a run.
#[derive(Default)]
struct Run {
    /// The orders that are not read yet.
    due: VecDeque<OrderId>,
    /// Those that are read and not begun.
    waiting: VecDeque<Waiting>,
    /// The keys of what orders in flight write besides themselves.
    busy: HashSet<Key>,
    result: Expiry,
    failed: Option<Error>,
}

struct Waiting {
    order: Order,
    writes: Vec<Key>,
}

impl Run {
    /// Takes the first order that writes nothing that one in flight writes too.
    fn next(&mut self) -> Option<Waiting> {
        let is_free = |it: &Waiting| it.writes.iter().all(|key| !self.busy.contains(key));
        let next = self.waiting.iter().position(is_free)?;
        let next = self.waiting.remove(next)?;
        self.busy.extend(next.writes.iter().cloned());
        Some(next)
    }

    fn read(&mut self, orders: Result<Vec<(String, Result<Order>)>>) {
        let orders = match orders {
            Ok(orders) => orders,
            Err(error) => return self.failed("some orders could not be read", "", error),
        };
        for (id, order) in orders {
            match order {
                Ok(order) => {
                    let variants = order.lines.iter();
                    let variants = variants.map(|line| keys::variant(line.product_id, &line.sku));
                    let cart = order.cart().as_ref().map(keys::cart);
                    let writes = variants.chain(cart).collect();
                    self.waiting.push_back(Waiting { order, writes });
                }
                Err(error) => self.failed("an order could not be expired", &id, error),
            }
        }
    }

    fn ended(&mut self, id: OrderId, writes: Vec<Key>, outcome: Result<bool>) {
        for key in writes {
            self.busy.remove(&key);
        }
        match outcome {
            Ok(true) => self.result.expired += 1,
            Ok(false) => self.result.settled += 1,
            Err(error) => self.failed("an order could not be expired", &id.to_string(), error),
        }
    }

    fn failed(&mut self, what: &str, order_id: &str, error: Error) {
        tracing::error!(?error, order_id, "{what}");
        self.failed.get_or_insert(error);
    }
}

/// Returns the orders whose time is over, of all partitions of the index.
async fn due(ctx: &Ctx, now: Timestamp) -> Result<VecDeque<OrderId>> {
    let of_partition = async |partition: String| -> Result<Vec<OrderId>> {
        let (mut ids, mut after) = (Vec::new(), None);
        loop {
            let (found, end) =
                ctx.store.orders().expiring(&partition, now, after.as_deref()).await?;
            ids.extend(found);
            match end {
                Some(end) => after = Some(end),
                None => return Ok(ids),
            }
        }
    };
    let parts = try_join_all(keys::expiry_shards().map(of_partition)).await?;
    Ok(parts.into_iter().flatten().collect())
}
