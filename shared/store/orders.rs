//! Orders: the checkout transaction, the way back, and the histories.
//!
//! Checkout is one transaction: every variant gives up its units under the condition that they
//! are there at the price the customer saw, the order comes into being, the cart is consumed, the
//! message goes out, and the idempotency marker remembers it all. Nothing of it can happen alone.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures_util::future::{FutureExt, join3};

use super::db::{List, Read, Store, join_bounded};
use super::item::{Item, from_item, number, text, to_item, value};
use super::keys::{self, CUSTOMER_ORDERS, TYPE};
use super::outbox;
use super::transaction::{Outcome, Verdict, Write};
use crate::domain::basket::{Basket, RequestedItem, VariantSelector};
use crate::domain::cart::{Cart, CartLine};
use crate::domain::error::{Conflict, Error, Result};
use crate::domain::idempotency::Idempotency;
use crate::domain::ids::{CartId, OrderId, UserId};
use crate::domain::message::Event;
use crate::domain::money::{Currency, Money};
use crate::domain::order::{
    MAX_UNPAID_ORDERS, MissingLine, NewOrder, Order, OrderStatus, OrderSummary, PaymentMethod,
    cannot_buy,
};
use crate::domain::page::{Page, Part};
use crate::domain::product::{Variant, VariantStatus};
use crate::domain::quantity::Quantity;
use crate::domain::stock::{Movement, MovementReason};
use crate::domain::time::Timestamp;
use crate::domain::user::{Address, Role};
use crate::domain::version::Expected;
use crate::domain::viewer::Viewer;

/// How often a request beyond the limit looks again for the order that an equal one is placing.
const LOOKS: usize = 4;

/// What a customer asks for at the checkout.
#[derive(Debug)]
pub struct Checkout {
    /// The order that it will become.
    pub id: OrderId,
    /// Who buys.
    pub user_id: UserId,
    /// What.
    pub basket: Basket,
    /// How it is paid.
    pub payment_method: PaymentMethod,
    /// Where it goes; `None` means the customer's default address.
    pub shipping_address: Option<Address>,
    /// What the customer expects it to cost.
    pub expected_total: Option<Money>,
    /// What makes a retry recognisable.
    pub idempotency: Option<Idempotency>,
}

/// How a checkout ended well.
#[derive(Debug)]
pub enum Placed {
    /// There is an order now that was not there.
    New(Order),
    /// An earlier request with the same key placed it.
    Replayed(Order),
}

/// How one attempt at the transaction ended.
enum Attempt {
    Placed,
    Replayed(OrderId),
    Overtaken,
    PricesChanged,
}

impl Store {
    /// Places an order, once. Whether it is `admitted` is awaited beside what is read; one that was
    /// placed before does not need to be.
    pub async fn place_order(
        &self,
        checkout: &Checkout,
        admitted: impl Future<Output = Result<()>>,
        currency: Currency,
        now: Timestamp,
    ) -> Result<Placed> {
        let result = self.try_place_order(checkout, admitted, currency, now).await;
        match (&checkout.idempotency, result) {
            // The first request may have won in the meantime and left nothing to buy.
            (Some(idempotency), Err(refusal @ (Error::Conflict(_) | Error::Invalid(_)))) => {
                match idempotency.recall(self, now).await? {
                    Some(order) => Ok(Placed::Replayed(self.read_order(order).await?)),
                    None => Err(refusal),
                }
            }
            // It may also be about to.
            (Some(idempotency), Err(refusal @ Error::TooManyRequests { .. })) => {
                let pauses = super::transaction::pauses().take(LOOKS);
                for pause in std::iter::once(Duration::ZERO).chain(pauses) {
                    tokio::time::sleep(pause).await;
                    if let Some(order) = idempotency.recall(self, now).await? {
                        return Ok(Placed::Replayed(self.read_order(order).await?));
                    }
                }
                Err(refusal)
            }
            (_, result) => result,
        }
    }

    async fn try_place_order(
        &self,
        checkout: &Checkout,
        admitted: impl Future<Output = Result<()>>,
        currency: Currency,
        now: Timestamp,
    ) -> Result<Placed> {
        let address = self.shipping_address(checkout);
        let basket = self.basket(checkout);
        let (admitted, basket, address) = join3(admitted, basket, address).await;
        admitted?;
        let (mut basket, address) = (basket?, address?);
        for pause in super::transaction::pauses() {
            basket.refuse_other_currencies(currency)?;
            let order = NewOrder {
                id: checkout.id,
                user_id: checkout.user_id,
                lines: basket.lines.clone(),
                payment_method: checkout.payment_method,
                shipping_address: address.clone(),
            };
            let order = Order::place(order, currency, now);
            if let Some(expected) = checkout.expected_total.filter(|total| *total != order.total) {
                if basket.is_fresh {
                    return Err(price_changed(expected, order.total));
                }
                basket = self.refresh(basket).await?;
                continue;
            }
            match self.commit_order(checkout, &basket, &order, now).await? {
                Attempt::Placed => return Ok(Placed::New(order)),
                Attempt::Replayed(id) => return Ok(Placed::Replayed(self.read_order(id).await?)),
                Attempt::PricesChanged => basket = self.refresh(basket).await?,
                Attempt::Overtaken => {
                    tokio::time::sleep(pause).await;
                    basket = self.basket(checkout).await?;
                }
            }
        }
        Err(Error::unavailable("a cart changes faster than it can be ordered"))
    }

    /// Cancels an order and gives its stock back; an order that is cancelled stays so.
    pub async fn cancel_order(
        &self,
        id: OrderId,
        viewer: Viewer,
        expected: Expected,
        now: Timestamp,
    ) -> Result<Order> {
        for pause in super::transaction::pauses() {
            let order = self.order(id, viewer).await?;
            if order.status == OrderStatus::Cancelled {
                return Ok(order);
            }
            expected.check(order.version)?;
            let cancelled = order.cancel(viewer.role, now)?;
            let mut writes = vec![
                Write::put(order_item(&cancelled)?)
                    .when("version = :version")
                    .value(":version", value(&order.version)?),
            ];
            if let Some(customer) = order.user_id {
                writes.push(
                    Write::update(keys::cart(customer.into()), "DELETE unpaid_orders :order")
                        .value(":order", set_of(id)),
                );
                let event = Event::OrderCancelled { order_id: id, user_id: customer };
                writes.push(outbox::send(event, now)?);
            }
            for line in &order.lines {
                let key = keys::variant(line.product_id, &line.sku);
                let movement = Movement {
                    delta: i64::from(line.quantity.get()),
                    reason: MovementReason::Cancellation,
                    order_id: Some(id),
                    at: now,
                };
                writes.push(
                    Write::update(
                        key,
                        "SET available = available + :units, movement = :movement, \
                         movements = movements + :one",
                    )
                    .when("attribute_exists(pk)")
                    .value(":units", number(line.quantity.get()))
                    .value(":movement", value(&movement)?)
                    .value(":one", number(1)),
                );
            }
            // The same cancellation from two sides makes two tokens: the version decides.
            let token = OrderId::new(now).uuid();
            match self.transact(token, &writes).await? {
                Outcome::Committed => return Ok(cancelled),
                Outcome::Refused(_) => tokio::time::sleep(pause).await,
            }
        }
        Err(Error::unavailable("an order changes faster than it can be cancelled"))
    }

    /// An order, for its owner or an admin; for everybody else there is none.
    pub async fn order(&self, id: OrderId, viewer: Viewer) -> Result<Order> {
        let order = self.read_order(id).await?;
        if viewer.role == Role::Admin || order.user_id == Some(viewer.user_id) {
            Ok(order)
        } else {
            Err(Error::NotFound)
        }
    }

    /// A customer's orders, newest first.
    pub async fn orders_of_customer(
        &self,
        user: UserId,
        status: Option<OrderStatus>,
        part: Part<OrderId>,
    ) -> Result<Page<OrderSummary, OrderId>> {
        let list = List {
            index: CUSTOMER_ORDERS,
            partition: keys::customer(user),
            status: status.map(|status| status.to_string()),
        };
        self.list(list, part, keys::order).await
    }

    async fn read_order(&self, id: OrderId) -> Result<Order> {
        let item = self.get(keys::order(id), Read::Consistent).await?;
        from_item(item.ok_or(Error::NotFound)?)
    }

    async fn shipping_address(&self, checkout: &Checkout) -> Result<Option<Address>> {
        match &checkout.shipping_address {
            Some(address) => Ok(Some(address.clone())),
            None => {
                let user = self.user(checkout.user_id).await?;
                Ok(user.and_then(|user| user.addresses.into_iter().next()))
            }
        }
    }

    async fn basket(&self, checkout: &Checkout) -> Result<Lines> {
        match &checkout.basket {
            Basket::Items(items) => {
                let lines = match self.lines_of(items, Read::Eventual).await {
                    // The cheap reads may lag behind what the customer was shown.
                    Err(refusal) if refusal.is_about_state() => {
                        self.lines_of(items, Read::Consistent).await?
                    }
                    lines => lines?,
                };
                Ok(Lines { lines, cart_version: None, is_fresh: false })
            }
            Basket::Cart => {
                let cart = self.read_cart(checkout.user_id.into(), Read::Consistent).await?;
                if cart.lines.is_empty() {
                    return Err(cart_empty());
                }
                let Cart { lines, version, .. } = cart;
                Ok(Lines { lines, cart_version: Some(version), is_fresh: false })
            }
        }
    }

    /// The lines of what a customer names without a cart.
    async fn lines_of(&self, items: &[RequestedItem], read: Read) -> Result<Vec<CartLine>> {
        let skus: HashSet<_> = items
            .iter()
            .filter_map(|item| match &item.which {
                VariantSelector::Sku(sku) => Some(sku),
                VariantSelector::OnlyVariantOf(_) => None,
            })
            .collect();
        let products = match skus.is_empty() {
            true => HashMap::new(),
            false => self.products_of_skus(&skus, read).await?,
        };
        let known = products.iter().map(|(sku, product)| (*product, sku));
        let by_sku: HashMap<_, _> = match products.is_empty() {
            true => HashMap::new(),
            false => {
                let variants = self.read_variants(known, read).await?;
                variants.into_iter().map(|variant| (variant.sku.clone(), variant)).collect()
            }
        };
        let mut only = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let pointer = format!("/items/{index}");
            let variant = async move {
                match &item.which {
                    VariantSelector::Sku(_) => Ok(None),
                    VariantSelector::OnlyVariantOf(product) => {
                        self.only_variant(*product, &pointer, read).await
                    }
                }
            };
            only.push(variant.boxed());
        }
        let only = join_bounded(only).await?;
        let mut quantities: Vec<(Variant, Quantity)> = Vec::with_capacity(items.len());
        let mut missing = Vec::new();
        for (index, (item, only)) in items.iter().zip(only).enumerate() {
            let variant = match &item.which {
                VariantSelector::Sku(sku) => by_sku.get(sku).cloned(),
                VariantSelector::OnlyVariantOf(_) => only,
            };
            match variant.filter(Variant::is_on_sale) {
                None => missing.push(MissingLine::of(item)),
                Some(variant) => match quantities.iter_mut().find(|(v, _)| v.sku == variant.sku) {
                    None => quantities.push((variant, item.quantity)),
                    // The same SKU twice is one line: two writes to one item can't be in one
                    // transaction, and two separate ones have oversold many a shop.
                    Some((_, quantity)) => {
                        *quantity = quantity.plus(item.quantity).ok_or_else(|| {
                            let detail = format!("At most {} units of one SKU.", Quantity::MAX);
                            let pointer = format!("/items/{index}/quantity");
                            Error::invalid(&pointer, "quantity_out_of_range", detail)
                        })?;
                    }
                },
            }
        }
        if missing.is_empty() {
            Ok(quantities.iter().map(|(variant, units)| CartLine::of(variant, *units)).collect())
        } else {
            Err(cannot_buy("unavailable", &missing).into())
        }
    }

    /// The same lines at today's prices; what is not sold any more comes before what it costs.
    async fn refresh(&self, basket: Lines) -> Result<Lines> {
        let wanted = basket.lines.iter().map(|line| (line.product_id, &line.sku));
        let now: HashMap<_, _> = self
            .read_variants(wanted, Read::Consistent)
            .await?
            .into_iter()
            .map(|variant| (variant.sku.clone(), variant))
            .collect();
        let (mut lines, mut unavailable) = (Vec::with_capacity(basket.lines.len()), Vec::new());
        for line in &basket.lines {
            match now.get(&line.sku).filter(|variant| variant.is_on_sale()) {
                Some(variant) => lines.push(CartLine::of(variant, line.quantity)),
                None => unavailable.push(MissingLine::of_line(line, 0)),
            }
        }
        if !unavailable.is_empty() {
            return Err(cannot_buy("unavailable", &unavailable).into());
        }
        Ok(Lines { lines, is_fresh: true, ..basket })
    }

    async fn commit_order(
        &self,
        checkout: &Checkout,
        basket: &Lines,
        order: &Order,
        now: Timestamp,
    ) -> Result<Attempt> {
        let mut writes: Vec<_> =
            basket.lines.iter().map(|line| take(line, order.id, now)).collect::<Result<_>>()?;
        writes.push(Write::create(order_item(order)?));
        writes.push(consume_cart(checkout.user_id, basket.cart_version, order.id, now)?);
        let placed = Event::OrderPlaced { order_id: order.id, user_id: checkout.user_id };
        writes.push(outbox::send(placed, now)?);
        if let Some(idempotency) = &checkout.idempotency {
            writes.push(idempotency.remember(order.id, now)?);
        }
        // Every attempt writes something else, so each has a token of its own.
        let token = OrderId::new(now).uuid();
        let verdicts = match self.transact(token, &writes).await? {
            Outcome::Committed => return Ok(Attempt::Placed),
            Outcome::Refused(verdicts) => verdicts,
        };
        judge(checkout, basket, verdicts, now)
    }
}

/// What is bought, and from which version of the cart.
struct Lines {
    lines: Vec<CartLine>,
    cart_version: Option<u64>,
    /// Whether the prices are the shop's, not the cart's memory of them.
    is_fresh: bool,
}

impl Lines {
    /// A price from before the shop changed its currency buys nothing: an amount means something
    /// else in another one.
    fn refuse_other_currencies(&self, currency: Currency) -> Result<()> {
        let foreign = self.lines.iter().filter(|line| line.unit_price.currency() != currency);
        let unavailable: Vec<_> = foreign.map(|line| MissingLine::of_line(line, 0)).collect();
        if unavailable.is_empty() {
            return Ok(());
        }
        Err(cannot_buy("unavailable", &unavailable).into())
    }
}

/// Reads the reasons of a refused checkout, position by position.
fn judge(
    checkout: &Checkout,
    basket: &Lines,
    verdicts: Vec<Verdict>,
    now: Timestamp,
) -> Result<Attempt> {
    let mut verdicts = verdicts.into_iter().map(Verdict::failed);
    let variants: Vec<_> = verdicts.by_ref().take(basket.lines.len()).collect();
    let _order = verdicts.next();
    let cart = verdicts.next().flatten();
    let _message = verdicts.next();
    let marker = verdicts.next().flatten().flatten();

    if let (Some(idempotency), Some(marker)) = (&checkout.idempotency, marker)
        && let Some(order) = idempotency.recognise(marker, now)?
    {
        return Ok(Attempt::Replayed(order));
    }
    if let Some(cart) = cart {
        if cart.as_ref().is_some_and(|cart| cart.contains_key("closed")) {
            return Err(Error::Unauthenticated);
        }
        if unpaid_orders(cart.as_ref()) >= MAX_UNPAID_ORDERS {
            return Err(too_many_unpaid_orders());
        }
        return Ok(Attempt::Overtaken);
    }
    let (mut unavailable, mut short) = (Vec::new(), Vec::new());
    for (line, failed) in basket.lines.iter().zip(variants) {
        let Some(item) = failed else { continue };
        let variant = item.map(from_item::<Variant>).transpose()?;
        let missing = |available| MissingLine::of_line(line, available);
        match variant.filter(Variant::is_on_sale) {
            None => unavailable.push(missing(0)),
            Some(v) if v.available.get() < line.quantity.get() => {
                short.push(missing(v.available.get()));
            }
            Some(_) => {}
        }
    }
    if !unavailable.is_empty() {
        return Err(cannot_buy("unavailable", &unavailable).into());
    }
    if !short.is_empty() {
        return Err(cannot_buy("out_of_stock", &short).into());
    }
    Ok(Attempt::PricesChanged)
}

/// Takes a line's units off the shelf, if they are there at the price the customer saw.
fn take(line: &CartLine, order: OrderId, now: Timestamp) -> Result<Write> {
    let movement = Movement {
        delta: -i64::from(line.quantity.get()),
        reason: MovementReason::Sale,
        order_id: Some(order),
        at: now,
    };
    Ok(Write::update(
        keys::variant(line.product_id, &line.sku),
        "SET available = available - :units, movement = :movement, movements = movements + :one",
    )
    .when("available >= :units AND #status = :on_sale AND price = :price")
    .name("#status", "status")
    .value(":units", number(line.quantity.get()))
    .value(":on_sale", value(&VariantStatus::OnSale)?)
    .value(":price", value(&line.unit_price)?)
    .value(":movement", value(&movement)?)
    .value(":one", number(1)))
}

/// Counts the order among the customer's unpaid ones and, where it came from the cart, empties
/// exactly the cart that was read.
fn consume_cart(
    user: UserId,
    version: Option<u64>,
    order: OrderId,
    now: Timestamp,
) -> Result<Write> {
    const FEW_UNPAID: &str = "attribute_not_exists(closed) AND \
                              (attribute_not_exists(unpaid_orders) OR size(unpaid_orders) < :most)";
    let key = keys::cart(CartId::from(user));
    let write = match version {
        None => Write::update(key, "SET #type = :cart ADD unpaid_orders :order").when(FEW_UNPAID),
        Some(version) => Write::update(
            key,
            "SET #type = :cart, #lines = :none, version = :next, updated_at = :now \
             ADD unpaid_orders :order",
        )
        .when(format!("version = :version AND {FEW_UNPAID}"))
        .name("#lines", "lines")
        .value(":none", value(&Vec::<CartLine>::new())?)
        .value(":version", value(&version)?)
        .value(":next", value(&(version + 1))?)
        .value(":now", text(now)),
    };
    Ok(write
        .name("#type", TYPE)
        .value(":cart", text("cart"))
        .value(":order", set_of(order))
        .value(":most", number(MAX_UNPAID_ORDERS as i64)))
}

fn order_item(order: &Order) -> Result<Item> {
    let mut item = to_item("order", keys::order(order.id), order)?;
    if let Some(customer) = order.user_id {
        item.insert(CUSTOMER_ORDERS.partition.to_owned(), text(keys::customer(customer)));
    }
    Ok(item)
}

fn set_of(order: OrderId) -> aws_sdk_dynamodb::types::AttributeValue {
    aws_sdk_dynamodb::types::AttributeValue::Ss(vec![order.to_string()])
}

fn unpaid_orders(cart: Option<&Item>) -> usize {
    let orders = cart.and_then(|item| item.get("unpaid_orders"));
    orders.and_then(|orders| orders.as_ss().ok()).map_or(0, Vec::len)
}

fn cart_empty() -> Error {
    Conflict::new("cart_empty", "There is nothing in the cart; put something in, or send `items`.")
        .into()
}

fn too_many_unpaid_orders() -> Error {
    let detail = format!(
        "{MAX_UNPAID_ORDERS} orders are waiting for their payment; pay or cancel one first."
    );
    Conflict::new("too_many_unpaid_orders", detail).with("limit", MAX_UNPAID_ORDERS).into()
}

fn price_changed(expected: Money, actual: Money) -> Error {
    Conflict::new("price_changed", "The order costs something else than expected; look again.")
        .with("expected", serde_json::json!(expected))
        .with("actual", serde_json::json!(actual))
        .into()
}
