//! Changes of carts.
//!
//! The cart and what is known of the shop are read cheaply first. A refusal, and an edit that seems
//! to change nothing, are only believed after a consistent read.

use futures_util::future::try_join;

use crate::context::Ctx;
use crate::domain::basket::VariantSelector;
use crate::domain::cart::{Cart, CartEdit, CartLine, StockedCart};
use crate::domain::error::{Error, Result};
use crate::domain::ids::{CartId, MessageId};
use crate::domain::product::Variant;
use crate::domain::time::Timestamp;
use crate::domain::version::Expected;
use crate::store::Read;
use crate::store::products::OnSale;
use crate::store::retry::Attempts;

/// A cart as it is, beside its variants as they are; an empty one where nothing is stored.
pub async fn view(ctx: &Ctx, id: CartId) -> Result<StockedCart> {
    let cart = ctx.store.carts().get(id, Read::Eventual).await?;
    stocked(ctx, cart, Vec::new()).await
}

/// Changes a cart; what an edit leaves unchanged is not written. The other lines' variants are read
/// beside the write.
pub async fn edit(
    ctx: &Ctx,
    id: CartId,
    edit: &CartEdit,
    expected: &Expected,
) -> Result<StockedCart> {
    let edit = Edit { edit, expected, now: ctx.now(), token: MessageId::new(ctx.now()) };
    let mut attempts = Attempts::at("a cart changes faster than it can be written");
    let mut read = Read::Eventual;
    loop {
        match (edit.attempt(ctx, id, read).await, read) {
            (Ok(Attempt::Written(cart)), _) => return Ok(cart),
            (Ok(Attempt::Unchanged(cart)), Read::Consistent) => return Ok(cart),
            (Ok(Attempt::ChangedMeanwhile), Read::Consistent) => attempts.pause().await?,
            // The cheap read may have lagged behind the caller's own last change.
            (Ok(Attempt::Unchanged(_) | Attempt::ChangedMeanwhile), Read::Eventual) => {}
            (Err(refusal), Read::Eventual) if refusal.is_about_state() => {}
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
    expected: &'a Expected,
    now: Timestamp,
    /// Tells a lost answer from a lost race: the SDK may send a write twice.
    token: MessageId,
}

impl Edit<'_> {
    /// The variant that the edit names by itself.
    async fn named(&self, ctx: &Ctx, read: Read) -> Result<Option<Variant>> {
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
        let (named, before) = try_join(self.named(ctx, read), cart).await?;
        let known = match self.edit {
            CartEdit::Set(sku, _) => variants_of(ctx, before.lines_of(sku), read).await?,
            _ => named.into_iter().collect(),
        };
        let is_there = match self.edit {
            CartEdit::Add(..) => !known.is_empty(),
            CartEdit::Set(sku, _) => before.lines_of(sku).next().is_some(),
            CartEdit::Remove(_) | CartEdit::Clear => true,
        };
        if !is_there {
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

/// A cart with its variants; those that are known already are not read again.
async fn stocked(ctx: &Ctx, cart: Cart, known: Vec<Variant>) -> Result<StockedCart> {
    let is_known = |line: &&CartLine| known.iter().any(|variant| line.is_of(variant));
    let unknown = cart.lines.iter().filter(|line| !is_known(line));
    let read = variants_of(ctx, unknown, Read::Eventual).await?;
    Ok(StockedCart::new(cart, read.into_iter().chain(known)))
}
