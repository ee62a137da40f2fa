//! The checkout: turns a cart or a list of items into an order, once, at the current prices.
//!
//! It is one transaction. It takes the units of each variant from stock, on condition that enough
//! are left and that the variant's revision is the one that the buyer was shown; of a variant whose
//! stock is not tracked it takes none, and only checks the revision. It creates the order, empties
//! the cart, adds a message to the outbox and stores the idempotency marker.

use futures_util::future::{join4, try_join};

use super::idempotency::Once;
use super::limiter::Limiter;
use super::settings;
use crate::context::Ctx;
use crate::domain::basket::{Basket, RequestedItem, VariantSelector};
use crate::domain::cart::CartLine;
use crate::domain::cart_key::CartKey;
use crate::domain::destination::{Destination, DestinationSource, Place};
use crate::domain::email::Email;
use crate::domain::error::{Conflict, Error, Result};
use crate::domain::idempotency::{Idempotency, StoredResult};
use crate::domain::ids::OrderId;
use crate::domain::invalid::Invalid;
use crate::domain::money::{Currency, Money};
use crate::domain::order::{
    Buyer, MAX_UNPAID_ORDERS, NewOrder, Order, OrderSummary, PaymentMethod, UnavailableLine,
    unavailable_lines,
};
use crate::domain::order::{Transition, UnpaidOrderChange};
use crate::domain::problem_code::ProblemCode;
use crate::domain::product::Variant;
use crate::domain::quantity::Quantity;
use crate::domain::rate_limit::RateLimit;
use crate::domain::settings::{Settings, ShippingMethodId};
use crate::domain::time::Timestamp;
use crate::domain::totals::{ChargedLine, Totals};
use crate::domain::user::{Address, User};
use crate::domain::version::ExpectedVersion;
use crate::store::Read;
use crate::store::carts::OrderRefused;
use crate::store::products::{OnSale, SaleRefused};
use crate::store::retry::Attempts;
use crate::store::transaction::{Outcome, Transaction};
use crate::store::write::Write;

/// A request to place an order.
#[derive(Debug)]
pub struct Checkout {
    /// The identifier of the new order.
    pub id: OrderId,
    /// Who places it.
    pub buyer: Buyer,
    /// The buyer's cart; `None` for a guest without one.
    pub cart: Option<CartKey>,
    /// The e-mail address that a guest named; `None` for a customer, whose account has it.
    pub email: Option<Email>,
    /// The digest of the token by which a guest sees and changes the order.
    pub token_digest: Option<String>,
    /// The items to order, or the buyer's cart.
    pub basket: Basket,
    /// The version of the cart that `If-Match` requires, otherwise 412; ignored for a list of
    /// items.
    pub cart_version: ExpectedVersion,
    /// How the order is paid unless it is free; `None` for the first method that is enabled for the buyer.
    pub payment_method: Option<PaymentMethod>,
    /// The shipping address; `None` for the customer's default address.
    pub shipping_address: Option<Address>,
    /// The shipping method; `None` if the buyer has chosen none.
    pub shipping_method: Option<ShippingMethodId>,
    /// The total that the customer expects, otherwise 409 `price_changed`; `None` for any total.
    pub expected_total: Option<Money>,
    /// The request's idempotency key, by which a retry is recognised.
    pub idempotency: Option<Idempotency>,
}

/// The status code of a successful checkout, stored in the idempotency marker for replays.
const CREATED: u16 = 201;

/// Places an order. `limiter` counts the request while the cart and the customer's profile are read,
/// and its error ends the checkout; without one, nothing is counted.
///
/// 401 if the account was deleted; 409 `unavailable` and `out_of_stock` with every such line,
/// `price_changed` if the total is not the expected one, `cart_empty`, `too_many_unpaid_orders`;
/// 412 if the cart does not have the expected version; 422 `variant_required`,
/// `quantity_out_of_range`, `payment_method_not_enabled`, and those of [`Settings::charges`]; 429 if
/// the buyer places too many orders.
pub async fn place_order(
    ctx: &Ctx,
    checkout: &Checkout,
    limiter: Option<&Limiter<'_>>,
) -> Result<Once<Order>> {
    let now = ctx.now();
    let (recipient, purchase) = (Recipient::read(ctx, checkout), Purchase::read(ctx, checkout));
    let (admitted, settings) = (admit(limiter, checkout.buyer), ctx.store.settings());
    let (admitted, recipient, settings, purchase) =
        join4(admitted, recipient, settings.get(Read::Eventual), purchase).await;
    admitted?;
    let (recipient, settings) = (recipient?, settings?);
    let to = recipient.destination(checkout);
    let mut settings =
        settings::for_destination(ctx, settings, &to, &DestinationSource::ORDER).await?;
    // What is wrong with the request is reported before what is wrong with the cart and the stock.
    let subtotal = purchase.as_ref().map_or(Money::new(0, ctx.currency()), |it| it.subtotal(ctx));
    settings.charges(&to, subtotal, &DestinationSource::ORDER)?;
    let mut purchase = purchase?;
    let mut attempts = Attempts::new("a cart changes faster than it can be ordered");
    let mut is_free_admitted = false;
    loop {
        let transition = match checkout.place(ctx, &purchase, &settings, &recipient, now) {
            // Only consistent reads may reject the order, not a cart line or an eventually
            // consistent read.
            Err(_) if !purchase.is_fresh => {
                let current = ctx.store.settings();
                let refreshed = purchase.refreshed(ctx, checkout);
                (purchase, settings) = try_join(refreshed, current.get(Read::Consistent)).await?;
                continue;
            }
            decided => decided?,
        };
        // Such an order is paid at once, so that nothing else limits a guest's.
        if transition.order.is_free() && checkout.buyer == Buyer::Guest && !is_free_admitted {
            if let Some(limiter) = limiter {
                limiter.admit([RateLimit::FreeOrderIp.of(limiter.ip())]).await?;
            }
            is_free_admitted = true;
        }
        match commit(ctx, checkout, &purchase, &transition, now).await? {
            Attempt::Placed => return Ok(Once::New(transition.order)),
            Attempt::Replayed(remembered) => return Ok(Once::Replayed(remembered)),
            Attempt::LinesChanged => {
                attempts.retry_now()?;
                purchase = purchase.refreshed(ctx, checkout).await?;
            }
            Attempt::CartChanged => {
                attempts.pause().await?;
                purchase = Purchase::read(ctx, checkout).await?;
            }
            Attempt::CartGone => purchase.cart = None,
        }
    }
}

async fn admit(limiter: Option<&Limiter<'_>>, buyer: Buyer) -> Result<()> {
    let Some(limiter) = limiter else { return Ok(()) };
    let subject = match buyer {
        Buyer::Customer(user) => RateLimit::CheckoutAccount.of(user),
        Buyer::Guest => RateLimit::GuestCheckoutIp.of(limiter.ip()),
    };
    limiter.admit([subject]).await
}

impl Checkout {
    /// Returns the transition that places the order. 422 `payment_method_not_enabled` if the buyer
    /// can't pay it like this, and those of [`Settings::charges`]; 409 `unavailable` if a line's
    /// price is not in the shop's currency, 409 `price_changed` if the total is not the expected one.
    fn place(
        &self,
        ctx: &Ctx,
        purchase: &Purchase,
        settings: &Settings,
        recipient: &Recipient,
        now: Timestamp,
    ) -> Result<Transition> {
        let totals = purchase.totals(ctx, settings, &recipient.destination(self))?;
        purchase.refuse_other_currencies(ctx.currency())?;
        let enabled = ctx.config.payment_methods.enabled(self.buyer == Buyer::Guest);
        let new = NewOrder {
            id: self.id,
            buyer: self.buyer,
            email: recipient.email.clone(),
            cart: purchase.cart.clone(),
            token_digest: self.token_digest.clone(),
            lines: purchase.lines.clone(),
            totals,
            payment_method: self.payment_method.or(enabled.first().copied()).unwrap_or_default(),
            shipping_address: recipient.address.clone(),
        };
        let transition = Order::place(new, now);
        let &OrderSummary { total, payment_method, .. } = &transition.order.summary;
        if !transition.order.is_free() && !enabled.contains(&payment_method) {
            return Err(payment_method_not_enabled(enabled));
        }
        match self.expected_total {
            Some(expected) if expected != total => return Err(price_changed(expected, total)),
            _ => {}
        }
        Ok(transition)
    }
}

/// The result of one attempt at the transaction.
enum Attempt {
    Placed,
    Replayed(StoredResult),
    CartChanged,
    CartGone,
    LinesChanged,
}

/// The error of one write of the transaction.
enum Refused {
    StoredResult(StoredResult),
    Cart(OrderRefused),
    Line(UnavailableLine, SaleRefused),
}

async fn commit(
    ctx: &Ctx,
    checkout: &Checkout,
    purchase: &Purchase,
    transition: &Transition,
    now: Timestamp,
) -> Result<Attempt> {
    let (store, order) = (&ctx.store, &transition.order);
    let takes_place = matches!(transition.unpaid, UnpaidOrderChange::Added(_));
    let unpaid = takes_place.then_some(order.id);
    let concerned = |cart: &&CartKey| {
        matches!(cart, CartKey::Customer(_)) || purchase.cart_version.is_some() || takes_place
    };
    let note = purchase.cart.as_ref().filter(concerned);
    let note =
        note.map(|cart| store.carts().record_order(cart, purchase.cart_version, unpaid, now));
    // Attempts write different items, so each has its own token. Errors come in the order of the
    // writes: a replay before everything else, the cart before its lines.
    let mut transaction = Transaction::with_new_token(now);
    if let Some(idempotency) = &checkout.idempotency {
        let remembered = StoredResult { resource: order.id.to_string(), status: CREATED };
        for marker in store.idempotency().store_result(idempotency, &remembered, now)? {
            transaction = transaction.with(marker.map_refusal(Refused::StoredResult));
        }
    }
    if let Some(note) = note {
        transaction = transaction.with(note.map_refusal(Refused::Cart));
    }
    for line in &purchase.lines {
        let missing = UnavailableLine::of_line(line);
        let sale: Write<SaleRefused> = match transition.stock_change_of(line.product_id, &line.sku)
        {
            Some(change) => store.products().take_from_stock(change, line.revision).into(),
            None => store.products().check_untracked(line).into(),
        };
        transaction = transaction.with(sale.map_refusal(|refused| Refused::Line(missing, refused)));
    }
    transaction = transaction.with(store.orders().create(order)?);
    for event in &transition.messages {
        transaction = transaction.with(store.outbox().add(event.clone(), now)?);
    }
    match store.transact(transaction).await? {
        Outcome::Committed => Ok(Attempt::Placed),
        Outcome::Refused(refusals) => resolve(refusals, purchase),
    }
}

/// Decides the result of an attempt from the errors of its writes.
fn resolve(refusals: Vec<Refused>, purchase: &Purchase) -> Result<Attempt> {
    let (mut unavailable, mut out_of_stock) = (Vec::new(), Vec::new());
    for refusal in refusals {
        match refusal {
            Refused::StoredResult(remembered) => return Ok(Attempt::Replayed(remembered)),
            Refused::Cart(OrderRefused::Closed) => return Err(Error::Unauthenticated),
            Refused::Cart(OrderRefused::TooManyUnpaid) => return Err(too_many_unpaid_orders()),
            Refused::Cart(OrderRefused::Gone) if purchase.cart_version.is_none() => {
                return Ok(Attempt::CartGone);
            }
            Refused::Cart(OrderRefused::Changed | OrderRefused::Gone) => {
                return Ok(Attempt::CartChanged);
            }
            Refused::Line(line, SaleRefused::Unavailable) => unavailable.push(line),
            Refused::Line(line, SaleRefused::OutOfStock { available }) => {
                out_of_stock.push(UnavailableLine { available, ..line });
            }
            Refused::Line(_, SaleRefused::RevisionChanged) => {}
        }
    }
    // The SKU may belong to another variant than the one that the first read found.
    if !unavailable.is_empty() && !purchase.is_fresh {
        return Ok(Attempt::LinesChanged);
    }
    refuse(ProblemCode::Unavailable, &unavailable)?;
    refuse(ProblemCode::OutOfStock, &out_of_stock)?;
    Ok(Attempt::LinesChanged)
}

fn refuse(code: ProblemCode, lines: &[UnavailableLine]) -> Result<()> {
    if lines.is_empty() { Ok(()) } else { Err(unavailable_lines(code, lines).into()) }
}

/// Where an order and its mails go.
struct Recipient {
    email: Option<Email>,
    address: Option<Address>,
}

impl Recipient {
    fn destination(&self, checkout: &Checkout) -> Destination {
        Destination {
            place: self.address.as_ref().map(Place::from),
            shipping_method: checkout.shipping_method.clone(),
        }
    }

    async fn read(ctx: &Ctx, checkout: &Checkout) -> Result<Self> {
        let named = checkout.shipping_address.clone();
        let Buyer::Customer(user) = checkout.buyer else {
            return Ok(Self { email: checkout.email.clone(), address: named });
        };
        // Consistent, so that the order is not shipped to an address that was replaced a moment ago.
        let user = ctx.store.users().get(user, Read::Consistent).await?;
        let default = |user: &User| user.addresses.first().cloned();
        let address = named.or_else(|| user.as_ref().and_then(default));
        Ok(Self { email: user.map(|user| user.summary.email), address })
    }
}

/// The lines to order, and the version of the cart that they come from.
struct Purchase {
    lines: Vec<CartLine>,
    /// The cart that counts the order among the unpaid ones; `None` for a guest without a living
    /// one.
    cart: Option<CartKey>,
    cart_version: Option<u64>,
    /// Whether the lines were built from consistent reads of their variants, not taken from the
    /// cart or built from eventually consistent reads.
    is_fresh: bool,
}

impl Purchase {
    async fn read(ctx: &Ctx, checkout: &Checkout) -> Result<Self> {
        match &checkout.basket {
            Basket::Items(items) => {
                let lines = match lines_of(ctx, items, Read::Eventual).await {
                    // The eventually consistent reads may miss what the customer was shown.
                    Err(refusal) if refusal.depends_on_read() => {
                        lines_of(ctx, items, Read::Consistent).await?
                    }
                    lines => lines?,
                };
                let cart = checkout.cart.clone();
                Ok(Self { lines, cart, cart_version: None, is_fresh: false })
            }
            Basket::Cart => {
                let Some(key) = checkout.cart.clone() else { return Err(cart_empty()) };
                let cart = ctx.store.carts().get(&key, Read::Consistent, ctx.now()).await?;
                checkout.cart_version.check_stored(cart.version)?;
                if cart.lines.is_empty() {
                    return Err(cart_empty());
                }
                let cart_version = Some(cart.version);
                Ok(Self { lines: cart.lines, cart: Some(key), cart_version, is_fresh: false })
            }
        }
    }

    /// Returns the purchase with its lines rebuilt from consistent reads of their variants.
    async fn refreshed(&self, ctx: &Ctx, checkout: &Checkout) -> Result<Self> {
        let lines = self.lines_now(ctx, checkout).await?;
        let (cart, cart_version) = (self.cart.clone(), self.cart_version);
        Ok(Self { lines, cart, cart_version, is_fresh: true })
    }

    async fn lines_now(&self, ctx: &Ctx, checkout: &Checkout) -> Result<Vec<CartLine>> {
        if let Basket::Items(items) = &checkout.basket {
            return lines_of(ctx, items, Read::Consistent).await;
        }
        let wanted = self.lines.iter().map(|line| (line.product_id, &line.sku));
        let variants = ctx.store.products().variants(wanted, Read::Consistent).await?;
        let lines = self.lines.iter().map(|line| {
            let is_of_line = |variant: &&Variant| {
                variant.product_id == line.product_id && variant.sku == line.sku
            };
            let missing = UnavailableLine::of_line(line);
            (missing, line.quantity, variants.iter().find(is_of_line).cloned())
        });
        current_lines(lines)
    }

    fn charged(&self) -> impl Iterator<Item = ChargedLine<'_>> {
        self.lines.iter().map(|line| ChargedLine {
            total: line.unit_price.times(line.quantity.get()),
            tax_class: line.tax_class.as_ref(),
        })
    }

    /// The sum of the lines.
    fn subtotal(&self, ctx: &Ctx) -> Money {
        Money::sum(self.charged().map(|line| line.total), ctx.currency())
    }

    /// Returns what the lines cost at a destination. No condition of the transaction is on the
    /// settings, because all sales would wait for each other there: the total is what the buyer
    /// agrees to.
    fn totals(&self, ctx: &Ctx, settings: &Settings, to: &Destination) -> Result<Totals, Invalid> {
        let charges = settings.charges(to, self.subtotal(ctx), &DestinationSource::ORDER)?;
        Ok(charges.totals(self.charged(), ctx.currency()))
    }

    /// Rejects lines whose price is not in the shop's currency, because the shop changed it: 409
    /// `unavailable`.
    fn refuse_other_currencies(&self, currency: Currency) -> Result<()> {
        let other = self.lines.iter().filter(|line| line.unit_price.currency() != currency);
        let unavailable: Vec<_> = other.map(UnavailableLine::of_line).collect();
        refuse(ProblemCode::Unavailable, &unavailable)
    }
}

/// Returns the lines for a list of items. Items with the same SKU become one line, because a
/// transaction can't write an item twice, and two separate checks of its stock could oversell.
async fn lines_of(ctx: &Ctx, items: &[RequestedItem], read: Read) -> Result<Vec<CartLine>> {
    let selectors: Vec<_> = items.iter().map(|item| &item.which).collect();
    let found = ctx.store.products().on_sale(&selectors, read).await?;
    let mut lines: Vec<(UnavailableLine, Quantity, Option<Variant>)> =
        Vec::with_capacity(items.len());
    let mut invalid = Vec::new();
    for (index, (item, found)) in items.iter().zip(found).enumerate() {
        let variant = match found {
            OnSale::One(variant) => Some(variant),
            OnSale::None => None,
            OnSale::Several => {
                invalid.push(VariantSelector::variant_required(&format!("/items/{index}")));
                continue;
            }
        };
        let same = lines.iter_mut().find(|(_, _, other)| match (&variant, other) {
            (Some(variant), Some(other)) => variant.sku == other.sku,
            _ => false,
        });
        match same {
            None => lines.push((UnavailableLine::of_item(item), item.quantity, variant)),
            Some((_, quantity, _)) => match quantity.plus(item.quantity) {
                Some(sum) => *quantity = sum,
                None => {
                    let detail = format!("At most {} units of one SKU.", Quantity::MAX);
                    let pointer = format!("/items/{index}/quantity");
                    invalid.push(Invalid::for_field(
                        &pointer,
                        ProblemCode::QuantityOutOfRange,
                        detail,
                    ));
                }
            },
        }
    }
    Invalid::collect(invalid)?;
    current_lines(lines)
}

/// Returns the lines for variants as they are now. 409 `unavailable` with all that are not on sale.
fn current_lines(
    wanted: impl IntoIterator<Item = (UnavailableLine, Quantity, Option<Variant>)>,
) -> Result<Vec<CartLine>> {
    let (mut lines, mut unavailable) = (Vec::new(), Vec::new());
    for (missing, quantity, variant) in wanted {
        match variant.filter(Variant::is_on_sale) {
            Some(variant) => lines.push(CartLine::of(&variant, quantity)),
            None => unavailable.push(missing),
        }
    }
    refuse(ProblemCode::Unavailable, &unavailable)?;
    Ok(lines)
}

fn payment_method_not_enabled(enabled: &[PaymentMethod]) -> Error {
    let names: Vec<_> = enabled.iter().map(PaymentMethod::to_string).collect();
    let detail = match names.is_empty() {
        true => "This shop takes no payments from guests; log in.".to_owned(),
        false => format!("Use one of: {}.", names.join(", ")),
    };
    let code = ProblemCode::PaymentMethodNotEnabled;
    Invalid::for_field("/payment_method", code, detail).with("enabled", names).into()
}

fn cart_empty() -> Error {
    Conflict::new(
        ProblemCode::CartEmpty,
        "The cart is empty; add something to it, or send `items`.",
    )
    .into()
}

fn too_many_unpaid_orders() -> Error {
    let detail = format!(
        "{MAX_UNPAID_ORDERS} orders are waiting for their payment; pay or cancel one first."
    );
    Conflict::new(ProblemCode::TooManyUnpaidOrders, detail).with("limit", MAX_UNPAID_ORDERS).into()
}

fn price_changed(expected: Money, actual: Money) -> Error {
    Conflict::new(
        ProblemCode::PriceChanged,
        "The order's total is not the expected one; see `actual`.",
    )
    .with("expected", serde_json::json!(expected))
    .with("actual", serde_json::json!(actual))
    .into()
}
