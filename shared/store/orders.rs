//! Orders, by identifier and by customer.
//!
//! The part of an order that lists show is the map `summary`, which the index projects. Updates set
//! its members one by one, so that members written by a newer version are kept.

use super::ChangedMeanwhile;
use super::expression::{Condition, is, is_number, is_value};
use super::item::{from_item, text, text_of, to_item, value};
use super::keys::{self, CUSTOMER_ORDERS};
use super::list::{Order as Direction, Query};
use super::read::Read;
use super::table::Store;
use super::write::{Changes, NewItem, Write};
use crate::domain::error::{Error, Result};
use crate::domain::ids::{OrderId, UserId};
use crate::domain::order::{ListedOrder, Order, OrderStatus};
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
        let mut item = to_item("order", keys::order(order.id), order)?;
        if let Some(customer) = order.summary.user_id {
            item.insert(CUSTOMER_ORDERS.partition.to_owned(), text(keys::customer(customer)));
        }
        Ok(Write::create_new(item))
    }

    /// Returns the write that applies a transition to a stored order; rejected if the stored
    /// version is not that of `before`.
    pub fn replace(self, before: &Order, after: &Order) -> Write<ChangedMeanwhile, Changes> {
        Write::update(keys::order(before.id))
            .set("summary.status", &after.summary.status)
            .set("summary.payment_status", &after.summary.payment_status)
            .set("summary.expires_at", &after.summary.expires_at)
            .set("summary.version", &after.summary.version)
            .set("summary.updated_at", &after.summary.updated_at)
            .append("history", after.history.get(before.history.len()..).unwrap_or_default())
            .when(is_number("summary.version", before.summary.version), || ChangedMeanwhile)
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

    /// Returns whether a customer has an order in one of the states [`OrderStatus::OPEN`]. The
    /// index is eventually consistent: it may lack an order placed a moment ago.
    pub async fn has_open(self, user: UserId) -> Result<bool> {
        let open: Vec<_> = OrderStatus::OPEN.iter().map(value).collect::<Result<_>>()?;
        let filter = Some(Condition::OneOf("summary.status".to_owned(), open));
        let query = Query { filter, ..of_customer(user) };
        let mut after = None;
        loop {
            let found = self.0.query(&query, after.as_deref(), QUERY_LIMIT).await?;
            match found.end {
                _ if !found.items.is_empty() => return Ok(true),
                None => return Ok(false),
                end => after = end,
            }
        }
    }

    /// Returns the identifiers of some of a customer's orders: at most 100, none if none is left.
    pub async fn identifiers_of_customer(self, user: UserId) -> Result<Vec<OrderId>> {
        let found = self.0.query(&of_customer(user), None, QUERY_LIMIT).await?;
        let id = |item| text_of(item, "id").and_then(|id| id.parse().ok());
        Ok(found.items.iter().filter_map(id).collect())
    }

    /// Removes the customer and the shipping address from an order, and keeps its lines and
    /// amounts. Does nothing if the order does not name the customer any more.
    pub async fn remove_customer(self, id: OrderId, user: UserId, now: Timestamp) -> Result<()> {
        let write = Write::update(keys::order(id))
            .change_by("summary.version", 1)
            .set_text("summary.updated_at", now)
            .remove("summary.user_id")
            .remove("summary.email")
            .remove("shipping_address")
            .remove("tokens")
            .remove(CUSTOMER_ORDERS.partition)
            .when(is("summary.user_id", user), || ());
        self.0.update(write).await.map(drop)
    }
}

/// How many orders one query reads.
const QUERY_LIMIT: usize = 100;

fn of_customer(user: UserId) -> Query {
    Query::all(CUSTOMER_ORDERS, keys::customer(user), Direction::Descending)
}
