//! Reads and edits carts.
//!
//! An edit first reads the cart and the variants eventually consistently, for half the capacity
//! units. If this leads to an error or to no change, it reads them consistently and decides again.

use futures_util::future::try_join;

use crate::context::Ctx;
use crate::domain::basket::VariantSelector;
use crate::domain::cart::{Cart, CartEdit, CartLine, StockedCart};
use crate::domain::error::{Error, Result};
use crate::domain::ids::{CartId, MessageId};
use crate::domain::product::Variant;
use crate::domain::time::Timestamp;
use crate::domain::version::ExpectedVersion;
use crate::store::Read;
use crate::store::products::OnSale;
use crate::store::retry::Attempts;

/// Returns a cart with its variants as they are now; an empty cart if none is stored.
pub async fn view(ctx: &Ctx, id: CartId) -> Result<StockedCart> {
    let cart = ctx.store.carts().get(id, Read::Eventual).await?;
    stocked(ctx, cart, Vec::new()).await
}

/// Edits a cart and returns it with its variants. Writes nothing if the edit changes nothing. Reads
/// the variants of the other lines while it writes.
///
/// 404 if the variant is not on sale or not in the cart, 412 if the cart does not have the expected
/// version, 409 `out_of_stock` and `unavailable`, 422 `variant_required`, `cart_full` and
/// `quantity_out_of_range`.
pub async fn edit(
    ctx: &Ctx,
    id: CartId,
    edit: &CartEdit,
    expected: &ExpectedVersion,
) -> Result<StockedCart> {
    let edit = Edit { edit, expected, now: ctx.now(), token: MessageId::new(ctx.now()) };
    let mut attempts = Attempts::new("a cart changes faster than it can be written");
    let mut read = Read::Eventual;
    loop {
        match (edit.attempt(ctx, id, read).await, read) {
            (Ok(Attempt::Written(cart)), _) => return Ok(cart),
            (Ok(Attempt::Unchanged(cart)), Read::Consistent) => return Ok(cart),
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
    Written(StockedCart),
    Unchanged(StockedCart),
    ChangedMeanwhile,
}

struct Edit<'a> {
    edit: &'a CartEdit,
    expected: &'a ExpectedVersion,
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

    async fn attempt(&self, ctx: &Ctx, id: CartId, read: Read) -> Result<Attempt> {
        let cart = ctx.store.carts().get(id, read);
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
        cart.version = before.version + 1;
        cart.updated_at = Some(self.now);
        let saved = ctx.store.carts().replace(&cart, before.version, self.token);
        let (saved, stocked) = try_join(saved, stocked(ctx, cart.clone(), known)).await?;
        Ok(if saved { Attempt::Written(stocked) } else { Attempt::ChangedMeanwhile })
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
