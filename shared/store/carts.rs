//! Carts of customers and guests. A cart item also holds the set of the buyer's unpaid orders, so that
//! the write that empties the cart can check and extend this set.

use aws_sdk_dynamodb::types::AttributeValue;
use time::Duration;

use super::ChangedMeanwhile;
use super::expression::{Comparison, Condition, absent, exists, is_number, smaller_than, sorts};
use super::item::{Item, from_item, text_of};
use super::keys;
use super::read::Read;
use super::table::{Store, Written};
use super::write::{Changes, NewItem, Write};
use crate::domain::cart::{Cart, CartLine, GUEST_CART_LIFETIME};
use crate::domain::cart_key::CartKey;
use crate::domain::error::Result;
use crate::domain::ids::{CartId, OrderId, UserId};
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
    /// The buyer has [`MAX_UNPAID_ORDERS`] unpaid orders already.
    TooManyUnpaid,
    /// The cart no longer has the expected version.
    Changed,
    /// The guest's cart was merged, or it has expired.
    Gone,
}

/// The error of [`Carts::close`]: an order of the customer is unpaid, or was placed too recently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HasRecentOrder;

const UNPAID_ORDERS: &str = "unpaid_orders";
const CLOSED: &str = "closed";
const LAST_ORDER_AT: &str = "last_order_at";
/// How long a guest's cart is kept after its end, so that a write that is repeated then is recognised.
const KEPT_AFTER_END: Duration = Duration::hours(1);

const EXPIRES_AT: &str = "expires_at";
const LAST_WRITES: &str = "last_writes";
const LAST_WRITE: &str = "last_write";
const TYPE: &str = "cart";

impl Store {
    /// Returns the store's operations on carts.
    pub fn carts(&self) -> Carts<'_> {
        Carts(self)
    }
}

impl Carts<'_> {
    /// Returns a cart; an empty one with version 0 if none is stored, or if a guest's has expired.
    pub async fn get(self, cart: &CartKey, read: Read, now: Timestamp) -> Result<Cart> {
        let id = match cart {
            CartKey::Customer(user) => CartId::from(*user),
            CartKey::Guest(_) => CartId::new(now),
        };
        let item = self.0.get(keys::cart(cart), read).await?;
        let stored = item.filter(|item| item.contains_key("version"));
        let stored: Option<Cart> = stored.map(from_item).transpose()?;
        let is_living = |cart: &Cart| cart.expires_at.is_none_or(|at| at > now);
        Ok(stored.filter(is_living).unwrap_or_else(|| Cart::empty(id)))
    }

    /// Writes a cart on condition that the stored one still has the version before (0: none is
    /// stored), and that a guest's has not expired; returns false if it does not. The cart's last
    /// write is unique to this edit: if the SDK retries a write whose response was lost, it shows
    /// that the first attempt succeeded.
    pub async fn replace(self, key: &CartKey, cart: &Cart, now: Timestamp) -> Result<bool> {
        let token = cart.last_writes.last().map(ToString::to_string);
        let condition = unchanged(key, cart.version - 1, now);
        let write = written(key, cart).when_with_item(condition, move |item| {
            Ok(item.is_some_and(|item| writes(&item).any(|write| Some(write) == token.as_deref())))
        });
        match self.0.update(write).await? {
            Written::Done(_) => Ok(true),
            Written::Refused(is_ours) => Ok(is_ours),
        }
    }

    /// Returns the write of a cart in a transaction that also writes another one. Rejected if the
    /// stored one no longer has the version before, or if it was closed or has expired.
    pub fn replace_with_another(
        self,
        key: &CartKey,
        cart: &Cart,
        now: Timestamp,
    ) -> Write<ChangedMeanwhile, Changes> {
        let condition = unchanged(key, cart.version - 1, now).and(absent(CLOSED));
        written(key, cart).when(condition, || ChangedMeanwhile)
    }

    /// Returns the cart item's write in a checkout transaction. It adds `unpaid` to the set of unpaid
    /// orders (at most [`MAX_UNPAID_ORDERS`]) and, if `version` is given, empties the cart on
    /// condition that it has this version. In a customer's cart it sets the time of the last order; a
    /// guest's must not have expired.
    pub fn record_order(
        self,
        key: &CartKey,
        version: Option<u64>,
        unpaid: Option<OrderId>,
        now: Timestamp,
    ) -> Write<OrderRefused, Changes> {
        let (mut condition, is_guest) = match key {
            CartKey::Customer(_) => (absent(CLOSED), false),
            CartKey::Guest(_) => (is_living(now), true),
        };
        let mut write = Write::update(keys::cart(key)).set_type(TYPE);
        if !is_guest {
            write = write.set_text(LAST_ORDER_AT, now);
        }
        if let Some(version) = version {
            condition = condition.and(is_number("version", version));
            write = write
                .set("lines", &Vec::<CartLine>::new())
                .set("version", &(version + 1))
                .set_text("updated_at", now);
            if is_guest {
                write = expiring(write, now.plus(GUEST_CART_LIFETIME));
            }
        }
        if let Some(order) = unpaid {
            condition = condition.and(is_below_unpaid_limit());
            write = write.add_to_set(UNPAID_ORDERS, order);
        }
        let adds_unpaid = unpaid.is_some();
        write.when_with_item(condition, move |cart| {
            Ok(match cart {
                Some(cart) if cart.contains_key(CLOSED) => OrderRefused::Closed,
                Some(cart) if is_guest && is_expired(&cart, now) => OrderRefused::Gone,
                Some(cart) if adds_unpaid && unpaid_orders(&cart) >= MAX_UNPAID_ORDERS => {
                    OrderRefused::TooManyUnpaid
                }
                None if is_guest => OrderRefused::Gone,
                _ => OrderRefused::Changed,
            })
        })
    }

    /// Returns the write that removes an order from its buyer's set of unpaid orders; it also
    /// succeeds if the order is not in the set. Rejected if the cart does not exist any more: an
    /// update would create a guest's anew, and it would never expire.
    pub fn remove_unpaid_order(self, cart: &CartKey, order: OrderId) -> Write<(), Changes> {
        Write::update(keys::cart(cart)).remove_from_set(UNPAID_ORDERS, order).when(exists(), || ())
    }

    /// Returns the write that replaces a customer's cart by a closed one, for which no order can be
    /// placed. Rejected if the customer has an unpaid order, or placed one at or after
    /// `idle_since`: the eventually consistent index of the customer's orders may not show that one
    /// yet.
    pub fn close(self, user: UserId, idle_since: Timestamp) -> Write<HasRecentOrder, NewItem> {
        let idle = absent(LAST_ORDER_AT).or(sorts(LAST_ORDER_AT, Comparison::Less, idle_since));
        Write::put(closed_item(&CartKey::Customer(user)))
            .when(absent(UNPAID_ORDERS).and(idle), || HasRecentOrder)
    }

    /// Deletes a cart item, if it exists.
    pub async fn delete(self, cart: &CartKey) -> Result<()> {
        self.0.delete(Write::<(), _>::delete(keys::cart(cart))).await.map(drop)
    }
}

/// The condition that the stored cart has this version (0: none is stored), and that a guest's has
/// not expired.
fn unchanged(key: &CartKey, version: u64, now: Timestamp) -> Condition {
    match (key, version) {
        (_, 0) => absent("version"),
        (CartKey::Customer(_), _) => is_number("version", version),
        (CartKey::Guest(_), _) => is_number("version", version).and(is_living(now)),
    }
}

fn is_living(now: Timestamp) -> Condition {
    sorts(EXPIRES_AT, Comparison::Greater, now)
}

fn is_expired(cart: &Item, now: Timestamp) -> bool {
    text_of(cart, EXPIRES_AT).is_none_or(|at| at <= now.to_string())
}

/// Returns the update that stores a cart.
fn written<R>(key: &CartKey, cart: &Cart) -> Write<R, Changes> {
    let write = Write::update(keys::cart(key))
        .set_type(TYPE)
        .set_text("id", cart.id)
        .set("lines", &cart.lines)
        .set("version", &cart.version)
        .set("updated_at", &cart.updated_at)
        .set(LAST_WRITES, &cart.last_writes)
        .remove(LAST_WRITE);
    match cart.expires_at {
        Some(at) => expiring(write, at),
        None => write,
    }
}

fn expiring<R>(write: Write<R, Changes>, at: Timestamp) -> Write<R, Changes> {
    write.set_text(EXPIRES_AT, at).expires(at.plus(KEPT_AFTER_END).unix_seconds())
}

/// Returns the tokens of the last writes of a stored cart. One from before carts had several has one.
fn writes(cart: &Item) -> impl Iterator<Item = &str> {
    let several = cart.get(LAST_WRITES).and_then(|writes| writes.as_l().ok()).into_iter().flatten();
    several.chain(cart.get(LAST_WRITE)).filter_map(|write| write.as_s().ok()).map(String::as_str)
}

fn is_below_unpaid_limit() -> Condition {
    absent(UNPAID_ORDERS).or(smaller_than(UNPAID_ORDERS, MAX_UNPAID_ORDERS))
}

fn unpaid_orders(cart: &Item) -> usize {
    let orders = cart.get(UNPAID_ORDERS);
    orders.and_then(|orders| orders.as_ss().ok()).map_or(0, Vec::len)
}

fn closed_item(cart: &CartKey) -> Item {
    let mut item = super::item::key_item(keys::cart(cart));
    item.insert(keys::TYPE.to_owned(), super::item::text(TYPE));
    item.insert(CLOSED.to_owned(), AttributeValue::Bool(true));
    item
}
