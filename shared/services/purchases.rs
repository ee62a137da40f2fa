//! Brings what customers have bought from the table's stream into the purchases, and gives their
//! reviews the mark of a purchase.
//!
//! Can be repeated, and late: a purchase is recorded under the version of its order.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::reviews;
use crate::context::Ctx;
use crate::domain::error::Result;
use crate::domain::ids::{OrderId, ProductId, UserId};
use crate::domain::order::{Order, OrderStatus};
use crate::domain::review::{Purchase, Review, purchases};

/// The most purchases that are written concurrently.
const AT_ONCE: usize = 8;

/// What the records of a stream say of purchases.
#[derive(Debug, Default)]
pub struct PurchaseChanges {
    /// The latest of each user, product and order.
    purchases: BTreeMap<(UserId, ProductId, OrderId), Purchase>,
    /// New reviews, by their author and product.
    reviewed: BTreeSet<(UserId, ProductId)>,
}

impl PurchaseChanges {
    /// Adds a change of an order; `before` is `None` if it is new. A delivery says again what the
    /// payment said, in case that record was lost.
    pub fn add_order(&mut self, before: Option<&Order>, after: &Order) {
        let was: BTreeSet<_> = before
            .map(purchases)
            .into_iter()
            .flatten()
            .filter(|purchase| purchase.is_kept)
            .map(|purchase| purchase.product_id)
            .collect();
        let is_delivered = |order: &Order| order.summary.status == OrderStatus::Delivered;
        let arrived = is_delivered(after) && !before.is_some_and(is_delivered);
        let changed =
            |purchase: &Purchase| arrived || purchase.is_kept != was.contains(&purchase.product_id);
        for purchase in purchases(after).into_iter().filter(changed) {
            let key = (purchase.user_id, purchase.product_id, purchase.order_id);
            let latest = self.purchases.entry(key).or_insert_with(|| purchase.clone());
            if latest.order_version < purchase.order_version {
                *latest = purchase;
            }
        }
    }

    /// Adds a new review.
    pub fn add_review(&mut self, review: &Review) {
        self.reviewed.extend(review.user_id.map(|user| (user, review.product_id)));
    }
}

/// Brings the purchases and the marks of reviews up to date with changes of orders and new reviews.
pub async fn project(ctx: &Ctx, changes: PurchaseChanges) -> Result<()> {
    let PurchaseChanges { purchases, reviewed } = changes;
    let record = async |purchase: Purchase| reviews::record_purchase(ctx, &purchase).await;
    let purchases = stream::iter(purchases.into_values()).map(Ok);
    purchases.try_for_each_concurrent(AT_ONCE, record).await?;
    let judge = async |(user, product)| reviews::judge(ctx, user, product).await;
    stream::iter(reviewed).map(Ok).try_for_each_concurrent(AT_ONCE, judge).await
}
