//! Carts. A customer's cart item also holds the set of the customer's unpaid orders, so that the
//! write that empties the cart can check and extend this set.

use aws_sdk_dynamodb::types::AttributeValue;

use super::expression::{Condition, absent, is_number, smaller_than};
use super::item::{Item, from_item, text_of};
use super::keys;
use super::read::Read;
use super::table::{Store, Written};
use super::write::{Changes, NewItem, Write};
use crate::domain::cart::{Cart, CartLine};
use crate::domain::error::Result;
use crate::domain::ids::{CartId, MessageId, OrderId, UserId};
use crate::domain::order::MAX_UNPAID_ORDERS;
use crate::domain::time::Timestamp;

/// The store's operations on carts.
#[derive(Debug, Clone, Copy)]
pub struct Carts<'a>(&'a Store);

/// Why the cart item rejects a new order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderRefused {
    /// The cart was closed, because its customer's account was deleted.
    Closed,
    /// The customer has [`MAX_UNPAID_ORDERS`] unpaid orders already.
    TooManyUnpaid,
    /// The cart no longer has the expected version.
    Changed,
}

/// The error of [`Carts::close`]: an order of the customer is unpaid, or was placed too recently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HasRecentOrder;

const UNPAID_ORDERS: &str = "unpaid_orders";
const CLOSED: &str = "closed";
const LAST_ORDER_AT: &str = "last_order_at";
const TYPE: &str = "cart";

impl Store {
    /// Returns the store's operations on carts.
    pub fn carts(&self) -> Carts<'_> {
        Carts(self)
    }
}

impl Carts<'_> {
    /// Returns a cart; an empty one with version 0 if none is stored.
    pub async fn get(self, id: CartId, read: Read) -> Result<Cart> {
        match self.0.get(keys::cart(id), read).await? {
            Some(item) if item.contains_key("version") => from_item(item),
            _ => Ok(Cart::empty(id)),
        }
    }

    /// Writes a cart on condition that the stored one still has the version `before` (0: none is
    /// stored); returns false if it does not. `token` is unique to this edit: if the SDK retries a
    /// write whose response was lost, the stored token shows that the first attempt succeeded.
    pub async fn replace(self, cart: &Cart, before: u64, token: MessageId) -> Result<bool> {
        let condition = match before {
            0 => absent("version"),
            _ => is_number("version", before),
        };
        let write = Write::update(keys::cart(cart.id))
            .set_type(TYPE)
            .set_text("id", cart.id)
            .set("lines", &cart.lines)
            .set("version", &cart.version)
            .set("updated_at", &cart.updated_at)
            .set_text("last_write", token)
            .when_with_item(condition, move |item| {
                Ok(item.is_some_and(|item| text_of(&item, "last_write") == Some(token.to_string())))
            });
        match self.0.update(write).await? {
            Written::Done(_) => Ok(true),
            Written::Refused(is_ours) => Ok(is_ours),
        }
    }

    /// Returns the cart item's write in every checkout transaction. It sets the time of the
    /// customer's last order, adds `unpaid` to the set of unpaid orders (at most
    /// [`MAX_UNPAID_ORDERS`]) and, if `version` is given, empties the cart on condition that it has
    /// this version.
    pub fn record_order(
        self,
        user: UserId,
        version: Option<u64>,
        unpaid: Option<OrderId>,
        now: Timestamp,
    ) -> Write<OrderRefused, Changes> {
        let mut condition = absent(CLOSED);
        let mut write =
            Write::update(keys::cart(user.into())).set_type(TYPE).set_text(LAST_ORDER_AT, now);
        if let Some(version) = version {
            condition = condition.and(is_number("version", version));
            write = write
                .set("lines", &Vec::<CartLine>::new())
                .set("version", &(version + 1))
                .set_text("updated_at", now);
        }
        if let Some(order) = unpaid {
            condition = condition.and(is_below_unpaid_limit());
            write = write.add_to_set(UNPAID_ORDERS, order);
        }
        let adds_unpaid = unpaid.is_some();
        write.when_with_item(condition, move |cart| {
            Ok(match cart {
                Some(cart) if cart.contains_key(CLOSED) => OrderRefused::Closed,
                Some(cart) if adds_unpaid && unpaid_orders(&cart) >= MAX_UNPAID_ORDERS => {
                    OrderRefused::TooManyUnpaid
                }
                _ => OrderRefused::Changed,
            })
        })
    }

    /// Returns the write that removes an order from its customer's set of unpaid orders; it also
    /// succeeds if the order is not in the set.
    pub fn remove_unpaid_order<R>(self, user: UserId, order: OrderId) -> Write<R, Changes> {
        Write::update(keys::cart(user.into())).remove_from_set(UNPAID_ORDERS, order)
    }

    /// Returns the write that replaces a customer's cart by a closed one, for which no order can be
    /// placed. Rejected if the customer has an unpaid order, or placed one at or after
    /// `idle_since`: the eventually consistent index of the customer's orders may not show that one
    /// yet.
    pub fn close(self, user: UserId, idle_since: Timestamp) -> Write<HasRecentOrder, NewItem> {
        use super::expression::{Comparison, sorts};
        let idle = absent(LAST_ORDER_AT).or(sorts(LAST_ORDER_AT, Comparison::Less, idle_since));
        Write::put(closed_item(user.into()))
            .when(absent(UNPAID_ORDERS).and(idle), || HasRecentOrder)
    }

    /// Deletes a cart item, if it exists.
    pub async fn delete(self, id: CartId) -> Result<()> {
        self.0.delete(Write::<(), _>::delete(keys::cart(id))).await.map(drop)
    }
}

fn is_below_unpaid_limit() -> Condition {
    absent(UNPAID_ORDERS).or(smaller_than(UNPAID_ORDERS, MAX_UNPAID_ORDERS))
}

fn unpaid_orders(cart: &Item) -> usize {
    let orders = cart.get(UNPAID_ORDERS);
    orders.and_then(|orders| orders.as_ss().ok()).map_or(0, Vec::len)
}

fn closed_item(cart: CartId) -> Item {
    let mut item = super::item::key_item(keys::cart(cart));
    item.insert(keys::TYPE.to_owned(), super::item::text(TYPE));
    item.insert(CLOSED.to_owned(), AttributeValue::Bool(true));
    item
}
