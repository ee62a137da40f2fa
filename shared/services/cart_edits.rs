//! Reads and edits carts.
//!
//! An edit first reads the cart and the variants eventually consistently, for half the capacity
//! units. If this leads to an error or to no change, it reads them consistently and decides again.

use futures_util::future::try_join;

use super::limiter::Limiter;
use super::settings;
use super::shopper::{Shopper, ShoppersCart};
use crate::auth::cart_token::CartToken;
use crate::context::Ctx;
use crate::domain::basket::VariantSelector;
use crate::domain::cart::{Cart, CartEdit, CartLine, StockedCart};
use crate::domain::cart_key::CartKey;
use crate::domain::destination::{Destination, DestinationSource};
use crate::domain::error::{Error, Result};
use crate::domain::ids::{CartId, MessageId};
use crate::domain::product::Variant;
use crate::domain::rate_limit::RateLimit;
use crate::domain::settings::Settings;
use crate::domain::time::Timestamp;
use crate::domain::version::ExpectedVersion;
use crate::store::Read;
use crate::store::products::OnSale;
use crate::store::retry::Attempts;

/// A cart after an edit.
#[derive(Debug)]
pub struct EditedCart {
    /// The cart with its variants.
    pub cart: StockedCart,
    /// The token of a guest's cart that the edit has created.
    pub new_token: Option<CartToken>,
}

/// Returns the shopper's cart with its variants as they are now; an empty cart if none is stored.
pub async fn view(ctx: &Ctx, shopper: &Shopper) -> Result<StockedCart> {
    let ShoppersCart { key, read } = shopper.cart(ctx).await?;
    let cart = stored(ctx, key.as_ref(), read).await?;
    stocked(ctx, cart, Vec::new()).await
}

/// Returns the shopper's cart as [`view`] does, and the shop's settings, to judge a destination by,
/// which are read beside it.
pub async fn view_with_settings(
    ctx: &Ctx,
    shopper: &Shopper,
    to: &Destination,
) -> Result<(StockedCart, Settings)> {
    let settings = ctx.store.settings();
    let (cart, read) = try_join(view(ctx, shopper), settings.get(Read::Eventual)).await?;
    let settings = settings::for_destination(ctx, read, to, &DestinationSource::CART_QUERY).await?;
    Ok((cart, settings))
}

/// Edits the shopper's cart and returns it with its variants. Writes nothing if the edit changes
/// nothing. Reads the variants of the other lines while it writes. `limiter` counts a guest's cart
/// that the edit creates.
///
/// 404 if the variant is not on sale or not in the cart, 412 if the cart does not have the expected
/// version, 409 `out_of_stock` and `unavailable`, 422 `variant_required`, `cart_full` and
/// `quantity_out_of_range`, 429 if too many guests' carts are created.
pub async fn edit(
    ctx: &Ctx,
    shopper: &Shopper,
    edit: &CartEdit,
    expected: &ExpectedVersion,
    limiter: Option<&Limiter<'_>>,
) -> Result<EditedCart> {
    let ShoppersCart { key, mut read } = shopper.cart(ctx).await?;
    let token = MessageId::new(ctx.now());
    let edit = Edit { edit, expected, key, limiter, now: ctx.now(), token };
    let mut attempts = Attempts::new("a cart changes faster than it can be written");
    loop {
        match (edit.attempt(ctx, read).await, read) {
            (Ok(Attempt::Written(edited)), _) => return Ok(edited),
            (Ok(Attempt::Unchanged(cart)), Read::Consistent) => {
                return Ok(EditedCart { cart, new_token: None });
            }
            (Ok(Attempt::ChangedMeanwhile), Read::Consistent) => attempts.pause().await?,
            // The eventually consistent read may have missed the caller's own last change.
            (Ok(Attempt::Unchanged(_) | Attempt::ChangedMeanwhile), Read::Eventual) => {}
            (Err(refusal), Read::Eventual) if refusal.depends_on_read() => {}
            (Err(refusal), _) => return Err(refusal),
        }
        read = Read::Consistent;
    }
}

enum Attempt {
    Written(EditedCart),
    Unchanged(StockedCart),
    ChangedMeanwhile,
}

struct Edit<'a> {
    edit: &'a CartEdit,
    expected: &'a ExpectedVersion,
    /// The cart's key; `None` for a guest without a token.
    key: Option<CartKey>,
    limiter: Option<&'a Limiter<'a>>,
    now: Timestamp,
    /// Identifies this edit's write, which the SDK may retry after it succeeded.
    token: MessageId,
}

impl Edit<'_> {
    /// Returns the variant that the edit adds; `None` for other edits, or if it is not on sale.
    async fn added_variant(&self, ctx: &Ctx, read: Read) -> Result<Option<Variant>> {
        let CartEdit::Add(selector, _) = self.edit else { return Ok(None) };
        let mut found = ctx.store.products().on_sale(&[selector], read).await?;
        match found.pop() {
            Some(OnSale::One(variant)) => Ok(Some(variant)),
            Some(OnSale::Several) => Err(VariantSelector::variant_required("").into()),
            Some(OnSale::None) | None => Ok(None),
        }
    }

    async fn attempt(&self, ctx: &Ctx, read: Read) -> Result<Attempt> {
        let cart = stored(ctx, self.key.as_ref(), read);
        let (added_variant, before) = try_join(self.added_variant(ctx, read), cart).await?;
        let known = match self.edit {
            CartEdit::Set(sku, _) => variants_of(ctx, before.lines_of(sku), read).await?,
            _ => added_variant.into_iter().collect(),
        };
        let target_exists = match self.edit {
            CartEdit::Add(..) => !known.is_empty(),
            CartEdit::Set(sku, _) => before.lines_of(sku).next().is_some(),
            CartEdit::Remove(_) | CartEdit::Clear => true,
        };
        if !target_exists {
            return Err(Error::NotFound);
        }
        self.expected.check_stored(before.version)?;
        let mut cart = before.clone();
        cart.edit(self.edit, &known)?;
        if cart == before {
            return Ok(Attempt::Unchanged(stocked(ctx, cart, known).await?));
        }
        let (key, new_token) = match &self.key {
            Some(key) if before.version > 0 || is_customers(key) => (key.clone(), None),
            // An eventually consistent read may miss a cart that was created a moment ago.
            Some(_) if read == Read::Eventual => return Ok(Attempt::ChangedMeanwhile),
            // An unknown token never gets a cart: somebody else may have chosen it.
            _ => self.new_guest().await?,
        };
        let cart = cart.written(&key, self.token, self.now);
        let saved = ctx.store.carts().replace(&key, &cart, self.now);
        let (saved, cart) = try_join(saved, stocked(ctx, cart.clone(), known)).await?;
        Ok(match saved {
            true => Attempt::Written(EditedCart { cart, new_token }),
            false => Attempt::ChangedMeanwhile,
        })
    }

    /// Returns the key and the token of a new guest's cart, which is counted.
    async fn new_guest(&self) -> Result<(CartKey, Option<CartToken>)> {
        if let Some(limiter) = self.limiter {
            limiter.admit([RateLimit::GuestCartIp.of(limiter.ip())]).await?;
        }
        let token = CartToken::new()?;
        Ok((token.key(), Some(token)))
    }
}

const fn is_customers(key: &CartKey) -> bool {
    matches!(key, CartKey::Customer(_))
}

/// Returns the stored cart; an empty one if there is none.
async fn stored(ctx: &Ctx, key: Option<&CartKey>, read: Read) -> Result<Cart> {
    match key {
        Some(key) => ctx.store.carts().get(key, read, ctx.now()).await,
        None => Ok(Cart::empty(CartId::new(ctx.now()))),
    }
}

async fn variants_of<'a>(
    ctx: &Ctx,
    lines: impl Iterator<Item = &'a CartLine>,
    read: Read,
) -> Result<Vec<Variant>> {
    ctx.store.products().variants(lines.map(|line| (line.product_id, &line.sku)), read).await
}

/// Returns a cart with its variants; those in `known` are not read again.
async fn stocked(ctx: &Ctx, cart: Cart, known: Vec<Variant>) -> Result<StockedCart> {
    let is_known = |line: &&CartLine| known.iter().any(|variant| line.is_of(variant));
    let unknown = cart.lines.iter().filter(|line| !is_known(line));
    let read = variants_of(ctx, unknown, Read::Eventual).await?;
    Ok(StockedCart::new(cart, read.into_iter().chain(known)))
}
