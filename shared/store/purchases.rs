//! What customers have bought: an item for each user, product and order, kept from the table's stream.
//!
//! An item of an order whose units were refunded stays, and says so: without its version, an older
//! record that comes late would bring the purchase back.

use serde::{Deserialize, Serialize};

use super::expression::{Comparison, compares, exists, is_bool, missing};
use super::item::to_item;
use super::keys::{self, TABLE};
use super::list::{Order, Query, Range};
use super::read::Read;
use super::table::Store;
use super::transaction::{Outcome, Transaction};
use super::write::Write;
use crate::domain::error::Result;
use crate::domain::ids::{ProductId, UserId};
use crate::domain::review::Purchase;
use crate::domain::time::Timestamp;

/// The store's operations on purchases.
#[derive(Debug, Clone, Copy)]
pub struct Purchases<'a>(&'a Store);

/// Why a purchase was not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRecorded {
    /// A later version of the order is recorded, or the same.
    KnownBefore,
    /// The account was deleted.
    NoAccount,
}

#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    order_version: u64,
    is_kept: bool,
}

const PURCHASE: &str = "purchase";

impl Store {
    /// Returns the store's operations on purchases.
    pub fn purchases(&self) -> Purchases<'_> {
        Purchases(self)
    }
}

impl Purchases<'_> {
    /// Records what a version of an order says, unless a later one is recorded or the account was
    /// deleted.
    pub async fn record(self, purchase: &Purchase, now: Timestamp) -> Result<Outcome<NotRecorded>> {
        let Purchase { user_id, product_id, order_id, order_version, is_kept } = *purchase;
        let key = keys::purchase(user_id, product_id, order_id);
        let item = to_item(PURCHASE, key, &Stored { order_version, is_kept })?;
        let is_newer = missing().or(compares("order_version", Comparison::Less, order_version));
        let put = Write::put(item).when(is_newer, || NotRecorded::KnownBefore);
        let account = Write::check(keys::profile(user_id));
        let account = account.when(exists(), || NotRecorded::NoAccount);
        self.0.transact(Transaction::with_new_token(now).with(put).with(account)).await
    }

    /// Whether a user has bought a product and kept at least one unit, by a consistent read.
    pub async fn has_bought(self, user: UserId, product: ProductId) -> Result<bool> {
        let query = Query {
            range: Range::Prefix(keys::purchases_of(product)),
            filter: Some(is_bool("is_kept", true)),
            read: Read::Consistent,
            ..Query::all(TABLE, keys::purchases(user), Order::Ascending)
        };
        self.0.finds_any(&query).await
    }

    /// Deletes all purchases of a user.
    pub async fn delete_all(self, user: UserId) -> Result<()> {
        self.0.delete_partition(&keys::purchases(user), None).await
    }
}
