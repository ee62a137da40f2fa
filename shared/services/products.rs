//! Changes of products: read, decide, and write what was decided under the version that was read.

use crate::context::Ctx;
use crate::domain::error::Result;
use crate::domain::ids::ProductId;
use crate::domain::product::{ProductDraft, ProductWithVariants};
use crate::domain::version::Expected;
use crate::store::Read;
use crate::store::retry::Attempts;

/// Describes a product anew. 404 where there is none, 412 where it is not the expected version, 422
/// where the description breaks a rule, 409 `sku_taken`.
pub async fn describe(
    ctx: &Ctx,
    id: ProductId,
    draft: &ProductDraft,
    expected: Expected,
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
        if ctx.store.products().replace(&current.product, &revision, now).await? {
            return Ok(current.revised(revision));
        }
        attempts.pause().await?;
    }
}

/// Takes a product out of the shop for good. 404 where there is none, 412 where it is not the
/// expected version.
pub async fn delete(ctx: &Ctx, id: ProductId, expected: Expected) -> Result<()> {
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
