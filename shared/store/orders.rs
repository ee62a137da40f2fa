//! Orders: by their identifier, and by their customer.
//!
//! What lists show of an order lives in the map `summary`, which their indexes project. Its members
//! are set one by one, so that those of a newer version survive.

use super::ChangedMeanwhile;
use super::expression::{Condition, is, is_number};
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
use crate::domain::user::Role;
use crate::domain::viewer::Viewer;

/// The orders of the table.
#[derive(Debug, Clone, Copy)]
pub struct Orders<'a>(&'a Store);

impl Store {
    /// Orders.
    pub fn orders(&self) -> Orders<'_> {
        Orders(self)
    }
}

impl Orders<'_> {
    /// The write that makes an order; its identifier is new.
    pub fn create<R>(self, order: &Order) -> Result<Write<R, NewItem>> {
        let mut item = to_item("order", keys::order(order.id), order)?;
        if let Some(customer) = order.summary.user_id {
            item.insert(CUSTOMER_ORDERS.partition.to_owned(), text(keys::customer(customer)));
        }
        Ok(Write::create_new(item))
    }

    /// The write that turns an order into what it is after a transition, member by member.
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

    /// An order, for its owner or an admin; for everybody else there is none: 404.
    pub async fn get(self, id: OrderId, viewer: Viewer) -> Result<Order> {
        let item = self.0.get(keys::order(id), Read::Consistent).await?;
        let order: Order = from_item(item.ok_or(Error::NotFound)?)?;
        if viewer.role == Role::Admin || order.summary.user_id == Some(viewer.user_id) {
            Ok(order)
        } else {
            Err(Error::NotFound)
        }
    }

    /// A customer's orders, newest first.
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

    /// Whether the history of a customer has an order that is on its way to something. What was
    /// placed a moment ago may not be in it yet.
    pub async fn has_open(self, user: UserId) -> Result<bool> {
        let open: Vec<_> = OrderStatus::OPEN.iter().map(value).collect::<Result<_>>()?;
        let filter = Some(Condition::OneOf("summary.status".to_owned(), open));
        let query = Query { filter, ..of_customer(user) };
        let mut after = None;
        loop {
            let found = self.0.query(&query, after.as_deref(), AT_ONCE).await?;
            match found.end {
                _ if !found.items.is_empty() => return Ok(true),
                None => return Ok(false),
                end => after = end,
            }
        }
    }

    /// Some of the orders that still know a customer.
    pub async fn identifiers_of_customer(self, user: UserId) -> Result<Vec<OrderId>> {
        let found = self.0.query(&of_customer(user), None, AT_ONCE).await?;
        let id = |item| text_of(item, "id").and_then(|id| id.parse().ok());
        Ok(found.items.iter().filter_map(id).collect())
    }

    /// Takes a customer out of an order; what was bought, and for how much, stays. One that has lost
    /// the customer already stays as it is.
    pub async fn forget_customer(self, id: OrderId, user: UserId, now: Timestamp) -> Result<()> {
        let write = Write::update(keys::order(id))
            .change_by("summary.version", 1)
            .set_text("summary.updated_at", now)
            .remove("summary.user_id")
            .remove("shipping_address")
            .remove(CUSTOMER_ORDERS.partition)
            .when(is("summary.user_id", user), || ());
        self.0.update(write).await.map(drop)
    }
}

/// How many orders are looked at at once where all of a customer's are.
const AT_ONCE: usize = 100;

fn of_customer(user: UserId) -> Query {
    Query::all(CUSTOMER_ORDERS, keys::customer(user), Direction::Descending)
}
