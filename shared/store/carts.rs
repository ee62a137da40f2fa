//! Carts. A customer's cart item also holds the set of their unpaid orders, so that an order can
//! be counted in the write that empties the cart.

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

/// The carts of the table.
#[derive(Debug, Clone, Copy)]
pub struct Carts<'a>(&'a Store);

/// Why an order can't be placed from a cart, or counted in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderRefused {
    /// Its owner's account is gone.
    Closed,
    /// As many orders wait for their payment as may.
    TooManyUnpaid,
    /// It is another version by now.
    Changed,
}

/// Why an account can't take its cart along when it is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderUnderWay;

const UNPAID_ORDERS: &str = "unpaid_orders";
const CLOSED: &str = "closed";
const LAST_ORDER_AT: &str = "last_order_at";
const TYPE: &str = "cart";

impl Store {
    /// Carts.
    pub fn carts(&self) -> Carts<'_> {
        Carts(self)
    }
}

impl Carts<'_> {
    /// A cart; an empty one where nothing is stored.
    pub async fn get(self, id: CartId, read: Read) -> Result<Cart> {
        match self.0.get(keys::cart(id), read).await? {
            Some(item) if item.contains_key("version") => from_item(item),
            _ => Ok(Cart::empty(id)),
        }
    }

    /// Writes a cart over the version it was made from; false where it is another by now. `token`
    /// tells a lost answer from a lost race: the SDK may send the write twice.
    pub async fn replace(self, cart: &Cart, before: u64, token: MessageId) -> Result<bool> {
        let condition = match before {
            0 => absent("version"),
            _ => is_number("version", before),
        };
        let write = Write::update(keys::cart(cart.id))
            .of_type(TYPE)
            .set_text("id", cart.id)
            .set("lines", &cart.lines)
            .set("version", &cart.version)
            .set("updated_at", &cart.updated_at)
            .set_text("last_write", token)
            .when_judged(condition, move |item| {
                Ok(item.is_some_and(|item| text_of(&item, "last_write") == Some(token.to_string())))
            });
        match self.0.update(write).await? {
            Written::Done(_) => Ok(true),
            Written::Refused(is_ours) => Ok(is_ours),
        }
    }

    /// The cart item's part of every checkout: it notes when the last order was placed, adds `unpaid`
    /// to the unpaid orders, of which there may be five, and, where `version` is given, empties the
    /// cart of exactly that version.
    pub fn note_order(
        self,
        user: UserId,
        version: Option<u64>,
        unpaid: Option<OrderId>,
        now: Timestamp,
    ) -> Write<OrderRefused, Changes> {
        let mut condition = absent(CLOSED);
        let mut write =
            Write::update(keys::cart(user.into())).of_type(TYPE).set_text(LAST_ORDER_AT, now);
        if let Some(version) = version {
            condition = condition.and(is_number("version", version));
            write = write
                .set("lines", &Vec::<CartLine>::new())
                .set("version", &(version + 1))
                .set_text("updated_at", now);
        }
        if let Some(order) = unpaid {
            condition = condition.and(has_a_place());
            write = write.insert(UNPAID_ORDERS, order);
        }
        let counts = unpaid.is_some();
        write.when_judged(condition, move |cart| {
            Ok(match cart {
                Some(cart) if cart.contains_key(CLOSED) => OrderRefused::Closed,
                Some(cart) if counts && unpaid_orders(&cart) >= MAX_UNPAID_ORDERS => {
                    OrderRefused::TooManyUnpaid
                }
                _ => OrderRefused::Changed,
            })
        })
    }

    /// Gives back an order's place among its customer's unpaid ones, if it has one.
    pub fn free_unpaid_place<R>(self, user: UserId, order: OrderId) -> Write<R, Changes> {
        Write::update(keys::cart(user.into())).take_out(UNPAID_ORDERS, order)
    }

    /// Empties a cart for good: nothing is ordered from it any more. Refused where an order waits
    /// for its payment, or was placed since `idle_since` and may not be in its customer's history yet.
    pub fn close(self, user: UserId, idle_since: Timestamp) -> Write<OrderUnderWay, NewItem> {
        use super::expression::{Comparison, sorts};
        let idle = absent(LAST_ORDER_AT).or(sorts(LAST_ORDER_AT, Comparison::Less, idle_since));
        Write::put(closed(user.into())).when(absent(UNPAID_ORDERS).and(idle), || OrderUnderWay)
    }

    /// Deletes a cart.
    pub async fn delete(self, id: CartId) -> Result<()> {
        self.0.delete(Write::<(), _>::delete(keys::cart(id))).await.map(drop)
    }
}

fn has_a_place() -> Condition {
    absent(UNPAID_ORDERS).or(smaller_than(UNPAID_ORDERS, MAX_UNPAID_ORDERS))
}

fn unpaid_orders(cart: &Item) -> usize {
    let orders = cart.get(UNPAID_ORDERS);
    orders.and_then(|orders| orders.as_ss().ok()).map_or(0, Vec::len)
}

fn closed(cart: CartId) -> Item {
    let mut item = super::item::key_item(keys::cart(cart));
    item.insert(keys::TYPE.to_owned(), super::item::text(TYPE));
    item.insert(CLOSED.to_owned(), AttributeValue::Bool(true));
    item
}
