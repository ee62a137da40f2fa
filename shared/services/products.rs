//! Changes of products: read, decide, and write what was decided under the version that was read.

use crate::context::Ctx;
use crate::domain::error::Result;
use crate::domain::ids::ProductId;
use crate::domain::invalid::Invalid;
use crate::domain::product::{ProductDraft, ProductWithVariants, Revision};
use crate::domain::version::Expected;
use crate::store::Read;
use crate::store::retry::Attempts;
use crate::store::transaction::MAX_WRITES;

/// Describes a product anew. 404 where there is none, 412 where it is not the expected version, 422
/// where the description breaks a rule or changes too much at once, 409 `sku_taken`.
pub async fn describe(
    ctx: &Ctx,
    id: ProductId,
    draft: &ProductDraft,
    expected: &Expected,
) -> Result<ProductWithVariants> {
    let (currency, now) = (ctx.currency(), ctx.now());
    if draft.check(currency, None).is_err() {
        // What is wrong by itself comes before a product that is missing, and is said together with
        // what the product forbids.
        let current = ctx.store.products().get(id, Read::Consistent).await.ok();
        draft.check(currency, current.as_ref())?;
    }
    let mut attempts = Attempts::at("a product changes faster than it can be replaced");
    loop {
        let current = ctx.store.products().get(id, Read::Consistent).await?;
        expected.check(current.product.version)?;
        let revision = draft.revise(&current, currency, now)?;
        refuse_beyond_one_transaction(&revision)?;
        if ctx.store.products().replace(&current.product, &revision, now).await? {
            return Ok(current.revised(revision));
        }
        attempts.pause().await?;
    }
}

/// Takes a product out of the shop for good. 404 where there is none, 412 where it is not the
/// expected version.
pub async fn delete(ctx: &Ctx, id: ProductId, expected: &Expected) -> Result<()> {
    let mut attempts = Attempts::at("a product changes faster than it can be deleted");
    loop {
        let current = ctx.store.products().get(id, Read::Consistent).await?;
        expected.check(current.product.version)?;
        if ctx.store.products().delete(&current, ctx.now()).await? {
            return Ok(());
        }
        attempts.pause().await?;
    }
}

/// One transaction writes the product, every variant that changes, and two items of a new one. With
/// 40 variants at most on sale before and after, some new ones always fit.
fn refuse_beyond_one_transaction(revision: &Revision) -> Result<(), Invalid> {
    let fitting = (MAX_WRITES - 1).saturating_sub(revision.changed.len()) / 2;
    let new = revision.added.len();
    if new <= fitting {
        return Ok(());
    }
    let detail = format!(
        "This changes too many variants at once. Of its new variants {fitting} fit into one change; \
         add the other {} in a second.",
        new - fitting
    );
    Err(Invalid::field("/variants", "too_many_changes", detail))
}
