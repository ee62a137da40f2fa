//! Changes to products: read the product, decide on the change, and write it on condition that the
//! version is still the one that was read.

use crate::context::Ctx;
use crate::domain::error::Result;
use crate::domain::ids::ProductId;
use crate::domain::invalid::Invalid;
use crate::domain::problem_code::ProblemCode;
use crate::domain::product::{ProductDraft, ProductWithVariants, Revision};
use crate::domain::version::ExpectedVersion;
use crate::store::Read;
use crate::store::retry::Attempts;
use crate::store::transaction::MAX_WRITES;

/// Replaces a product's description. 404 if it does not exist, 412 if it does not have the expected
/// version, 422 if the description is invalid, changes too many variants or makes a product that
/// `check` refuses, 409 `sku_taken`.
pub async fn replace(
    ctx: &Ctx,
    id: ProductId,
    draft: &ProductDraft,
    expected: &ExpectedVersion,
    check: impl Fn(&ProductWithVariants) -> Result<(), Invalid>,
) -> Result<ProductWithVariants> {
    let (currency, now) = (ctx.currency(), ctx.now());
    if draft.check(currency, None).is_err() {
        // An invalid description is reported even if the product does not exist; if it does,
        // together with the errors that depend on the product.
        let current = ctx.store.products().get(id, Read::Consistent).await.ok();
        draft.check(currency, current.as_ref())?;
    }
    let mut attempts = Attempts::new("a product changes faster than it can be replaced");
    loop {
        let current = ctx.store.products().get(id, Read::Consistent).await?;
        expected.check(current.product.version)?;
        let revision = draft.revise(&current, currency, now)?;
        refuse_beyond_one_transaction(&revision)?;
        let before = current.product.clone();
        let revised = current.revised(revision.clone());
        check(&revised)?;
        if ctx.store.products().replace(&before, &revision, now).await? {
            return Ok(revised);
        }
        attempts.pause().await?;
    }
}

/// Deletes a product. 404 if it does not exist, 412 if it does not have the expected version.
pub async fn delete(ctx: &Ctx, id: ProductId, expected: &ExpectedVersion) -> Result<()> {
    let mut attempts = Attempts::new("a product changes faster than it can be deleted");
    loop {
        let current = ctx.store.products().get(id, Read::Consistent).await?;
        expected.check(current.product.version)?;
        if ctx.store.products().delete(&current, ctx.now()).await? {
            return Ok(());
        }
        attempts.pause().await?;
    }
}

/// Rejects with 422 `too_many_changes` what does not fit into one transaction: it writes the
/// product, each changed variant, and two items for each new variant. A product has at most 40
/// variants before and after, so some new ones always fit.
fn refuse_beyond_one_transaction(revision: &Revision) -> Result<(), Invalid> {
    let fitting = (MAX_WRITES - 1).saturating_sub(revision.changed.len()) / 2;
    let new = revision.added.len();
    if new <= fitting {
        return Ok(());
    }
    let detail = format!(
        "This changes too many variants at once. Add {fitting} of the new variants in this change \
         and the other {} in a second one.",
        new - fitting
    );
    Err(Invalid::for_field("/variants", ProblemCode::TooManyChanges, detail))
}
