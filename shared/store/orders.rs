//! Orders, by identifier, customer, status and time.
//!
//! The part of an order that lists show is the map `summary`, which the indexes project. Updates set
//! its members one by one, so that members written by a newer version are kept.

use super::ChangedMeanwhile;
use super::expression::{Condition, is, is_number, is_value};
use super::item::{from_item, text, text_of, to_item, value};
use super::keys::{self, CUSTOMER_ORDERS, EXPIRING_ORDERS, ORDERS_BY_STATUS, ORDERS_BY_TIME};
use super::list::{Order as Direction, Query, Range};
use super::read::Read;
use super::table::Store;
use super::write::{Changes, NewItem, Write};
use crate::domain::error::{Error, Result};
use crate::domain::ids::{OrderId, UserId};
use crate::domain::order::{ListedOrder, Order, OrderHeader, OrderStatus};
use crate::domain::order_filter::OrderFilter;
use crate::domain::page::{Page, Paging};
use crate::domain::time::Timestamp;
use crate::domain::viewer::Viewer;

/// The store's operations on orders.
#[derive(Debug, Clone, Copy)]
pub struct Orders<'a>(&'a Store);

impl Store {
    /// Returns the store's operations on orders.
    pub fn orders(&self) -> Orders<'_> {
        Orders(self)
    }
}

impl Orders<'_> {
    /// Returns the write that creates an order. If the identifier exists already, that is an
    /// internal error (500).
    pub fn create<R>(self, order: &Order) -> Result<Write<R, NewItem>> {
        let item = to_item("order", keys::order(order.id), order)?;
        let keys = index_keys(order).into_iter();
        let keys = keys.filter_map(|(attribute, key)| Some((attribute, key?)));
        Ok(keys.fold(Write::create_new(item), |write, (attribute, key)| {
            write.with(attribute, text(key))
        }))
    }

    /// Returns the write that applies a transition to a stored order; rejected if the stored
    /// version is not that of `before`.
    pub fn replace(self, before: &Order, after: &Order) -> Write<ChangedMeanwhile, Changes> {
        let mut write = Write::update(keys::order(before.id))
            .set("summary.status", &after.summary.status)
            .set("summary.payment_status", &after.summary.payment_status)
            .set("summary.expires_at", &after.summary.expires_at)
            .set("summary.version", &after.summary.version)
            .set("summary.updated_at", &after.summary.updated_at);
        // All of them, so that an order from before an index is in it after its next change.
        for (attribute, key) in index_keys(after) {
            write = match key {
                Some(key) => write.set_text(attribute, key),
                None => write.remove(attribute),
            };
        }
        write = match after.history.strip_prefix(before.history.as_slice()) {
            Some(new) => write.append("history", new),
            None => write.set("history", &after.history),
        };
        if after.tracking != before.tracking {
            write = write.set("tracking", &after.tracking);
        }
        for (index, (line, old)) in after.lines.iter().zip(&before.lines).enumerate() {
            if line.restocked_quantity != old.restocked_quantity {
                let path = format!("lines[{index}].restocked_quantity");
                write = write.set(&path, &line.restocked_quantity);
            }
        }
        write.when(is_number("summary.version", before.summary.version), || ChangedMeanwhile)
    }

    /// Returns an order to its customer, to the bearer of one of its tokens or to an admin; 404 for
    /// every other viewer, or if it does not exist.
    pub async fn get(self, id: OrderId, viewer: &Viewer, now: Timestamp) -> Result<Order> {
        let order = self.find(id).await?.ok_or(Error::NotFound)?;
        if viewer.may_see(&order, now) { Ok(order) } else { Err(Error::NotFound) }
    }

    /// Returns an order to whom its mails are sent, who needs no token; `None` if it does not exist.
    pub async fn find(self, id: OrderId) -> Result<Option<Order>> {
        let item = self.0.get(keys::order(id), Read::Consistent).await?;
        item.map(from_item).transpose()
    }

    /// Returns the orders with these identifiers, in no order, each with the error if it can't be
    /// read; missing ones are left out.
    pub async fn find_many(self, ids: Vec<OrderId>) -> Result<Vec<(String, Result<Order>)>> {
        let keys = ids.into_iter().map(keys::order).collect();
        let items = self.0.batch_get(keys, &[], Read::Consistent).await?;
        let order = |item| (text_of(&item, "id").unwrap_or_default(), from_item(item));
        Ok(items.into_iter().map(order).collect())
    }

    /// Adds the digest of a token to an order before the token is mailed. Neither the version nor
    /// the time of the last change changes. Returns false if the order's tokens have changed since
    /// the order was read.
    pub async fn add_mailed_token(self, order: &Order, digest: &str) -> Result<bool> {
        let mut tokens = order.tokens.clone();
        tokens.mailed = tokens.mailed_with(digest);
        let write = Write::update(keys::order(order.id))
            .set("tokens", &tokens)
            .when(is_value("tokens", &order.tokens)?, || ());
        Ok(self.0.update(write).await?.is_done())
    }

    /// Returns a page of a customer's orders, newest first; only those with `status`, if it is
    /// given.
    pub async fn of_customer(
        self,
        user: UserId,
        status: Option<OrderStatus>,
        paging: &Paging,
    ) -> Result<Page<ListedOrder>> {
        let filter = status.map(|status| is("summary.status", status));
        let query = Query { filter, ..of_customer(user) };
        self.0.list(&query, paging).await
    }

    /// Returns a page of all orders that a filter selects, newest first. It names one index, which
    /// one query for each of its partitions reads; the rest of it filters what was read.
    pub async fn all(
        self,
        wanted: &OrderFilter,
        account: Option<UserId>,
        paging: &Paging,
    ) -> Result<Page<OrderHeader>> {
        let Some(ids) = wanted.ids() else {
            return Ok(Page::last(Vec::new()));
        };
        let OrderFilter { number, user_id, email, status, .. } = wanted;
        let [by_user, by_email, by_status] = [
            user_id.map(|user| is("summary.user_id", user)),
            email.as_ref().map(|email| is("summary.email", email)),
            status.map(|status| is("summary.status", status)),
        ];
        let (index, partitions, filters) = match (number, user_id, email, status) {
            (Some(number), ..) => {
                let partition = vec![keys::order_shard(*number)];
                (ORDERS_BY_TIME, partition, vec![by_user, by_email, by_status])
            }
            (None, Some(user), ..) => {
                (CUSTOMER_ORDERS, vec![keys::customer(*user)], vec![by_email, by_status])
            }
            (None, None, Some(email), _) => {
                let customer = account.map(keys::customer);
                let partitions = [Some(keys::guest(&email.digest())), customer];
                (CUSTOMER_ORDERS, partitions.into_iter().flatten().collect(), vec![by_status])
            }
            (None, None, None, Some(status)) => {
                (ORDERS_BY_STATUS, keys::order_status_shards(*status).collect(), Vec::new())
            }
            (None, None, None, None) => {
                (ORDERS_BY_TIME, keys::order_shards().collect(), Vec::new())
            }
        };
        let query = Query {
            named: format!("{wanted:?}"),
            range: Range::Between(ids.start().to_string(), ids.end().to_string()),
            filter: filters.into_iter().flatten().reduce(Condition::and),
            ..Query::all(index, String::new(), Direction::Descending)
        };
        self.0.list_merged(&query, partitions, paging).await
    }

    /// Returns the next orders of a partition of those that wait for their payment which expire at
    /// `time` or before it, and where to continue; `None` at the end. The index is eventually
    /// consistent: an order may have left it.
    pub async fn expiring(
        self,
        partition: &str,
        time: Timestamp,
        after: Option<&str>,
    ) -> Result<(Vec<OrderId>, Option<String>)> {
        let query = Query {
            range: Range::Before(keys::expiries_until(time)),
            ..Query::all(EXPIRING_ORDERS, partition.to_owned(), Direction::Ascending)
        };
        let found = self.0.query(&query, after, EXPIRING_LIMIT).await?;
        let id = |item| text_of(item, EXPIRING_ORDERS.sort)?.rsplit_once('#')?.1.parse().ok();
        Ok((found.items.iter().filter_map(id).collect(), found.end))
    }

    /// Returns whether a customer has an order in one of the states [`OrderStatus::OPEN`]. The
    /// index is eventually consistent: it may lack an order placed a moment ago.
    pub async fn has_open(self, user: UserId) -> Result<bool> {
        let open: Vec<_> = OrderStatus::OPEN.iter().map(value).collect::<Result<_>>()?;
        let filter = Some(Condition::OneOf("summary.status".to_owned(), open));
        let query = Query { filter, ..of_customer(user) };
        self.0.finds_any(&query).await
    }

    /// Returns the identifiers of some of a customer's orders: at most 100, none if none is left.
    pub async fn identifiers_of_customer(self, user: UserId) -> Result<Vec<OrderId>> {
        let found = self.0.query(&of_customer(user), None, QUERY_LIMIT).await?;
        let id = |item| text_of(item, "id").and_then(|id| id.parse().ok());
        Ok(found.items.iter().filter_map(id).collect())
    }

    /// Removes the customer, the shipping address, the parcel and the notes from an order as it was
    /// read, and keeps its lines and amounts. Returns false if it has changed since.
    pub async fn remove_customer(self, order: &Order, now: Timestamp) -> Result<bool> {
        let mut states = order.history.clone();
        states.dedup_by_key(|entry| entry.status);
        for entry in &mut states {
            entry.note = None;
        }
        let write = Write::update(keys::order(order.id))
            .change_by("summary.version", 1)
            .set_text("summary.updated_at", now)
            .set("history", &states)
            .remove("tracking")
            .remove("summary.user_id")
            .remove("summary.email")
            .remove("shipping_address")
            .remove("tokens")
            .remove(CUSTOMER_ORDERS.partition)
            .when(is_number("summary.version", order.summary.version), || ());
        Ok(self.0.update(write).await?.is_done())
    }
}

/// How many orders one query reads.
const QUERY_LIMIT: usize = 100;

/// How many orders that may expire one query reads; their keys have some 150 bytes each.
const EXPIRING_LIMIT: usize = 1000;

/// Returns the keys of an order in the indexes; `None` for one that it has no place in.
fn index_keys(order: &Order) -> [(&'static str, Option<String>); 5] {
    let Order { id, summary, .. } = order;
    let number = order.number();
    let guest = || summary.email.as_ref().map(|email| keys::guest(&email.digest()));
    [
        (CUSTOMER_ORDERS.partition, summary.user_id.map(keys::customer).or_else(guest)),
        (ORDERS_BY_TIME.partition, Some(keys::order_shard(number))),
        (ORDERS_BY_STATUS.partition, Some(keys::order_status_shard(summary.status, number))),
        (EXPIRING_ORDERS.partition, summary.expires_at.map(|_| keys::expiry_shard(*id))),
        (EXPIRING_ORDERS.sort, summary.expires_at.map(|at| keys::expiry(at, *id))),
    ]
}

fn of_customer(user: UserId) -> Query {
    Query::all(CUSTOMER_ORDERS, keys::customer(user), Direction::Descending)
}
