//! Changes to products: read the product, decide on the change, and write it on condition that the
//! version is still the one that was read.

use crate::context::Ctx;
use crate::domain::category::unknown_category;
use crate::domain::error::{Error, Result};
use crate::domain::ids::ProductId;
use crate::domain::invalid::{FieldError, Invalid};
use crate::domain::problem_code::ProblemCode;
use crate::domain::product::{CategoryCounts, ProductDraft, ProductWithVariants};
use crate::domain::version::ExpectedVersion;
use crate::store::products::{ProductRefused, SkuHolders};
use crate::store::retry::Attempts;
use crate::store::transaction::MAX_WRITES;
use crate::store::{Read, Store};

/// Creates a product. 422 if the description is invalid, names a category that does not exist, makes
/// a product that `check` refuses, or would take over too many SKUs of withdrawn variants; 409
/// `sku_taken` if another product sells one of its SKUs.
pub async fn create(
    ctx: &Ctx,
    draft: &ProductDraft,
    check: impl Fn(&ProductWithVariants) -> Result<(), Invalid>,
) -> Result<ProductWithVariants> {
    let now = ctx.now();
    let created = draft.create(ProductId::new(now), ctx.currency(), now);
    let product = match created.and_then(|product| check(&product).map(|()| product)) {
        Ok(product) => product,
        Err(invalid) => return Err(with_unknown_category(ctx, draft, invalid.into()).await),
    };
    add(&ctx.store, &product).await?;
    Ok(product)
}

/// Stores a new product. 422 `unknown_category` and `too_many_changes`, 409 `sku_taken`.
pub async fn add(store: &Store, new: &ProductWithVariants) -> Result<()> {
    let (id, counts) = (new.product.id, CategoryCounts::changed(None, Some(&new.product)));
    let mut attempts = Attempts::new("SKUs change their products faster than they can be used");
    let mut holders = SkuHolders::default();
    loop {
        refuse_beyond_one_transaction(counts.len(), new.variants.len(), holders.takeovers(id))?;
        match store.products().create(new, &holders).await? {
            Ok(()) => return Ok(()),
            Err(ProductRefused::ChangedMeanwhile) => {
                return Err(Error::internal("a newly generated product exists already"));
            }
            Err(ProductRefused::UnknownCategory(slug)) => {
                return Err(unknown_category("/category", &slug).into());
            }
            Err(ProductRefused::OtherHolders(skus)) => {
                attempts.retry_now()?;
                holders.update(store.products().sku_holders(id, &skus).await?);
            }
        }
    }
}

/// Replaces a product's description. 404 if it does not exist, 412 if it does not have the expected
/// version, 422 if the description is invalid, names a category that does not exist, changes too
/// many variants or makes a product that `check` refuses, 409 `sku_taken`.
pub async fn replace(
    ctx: &Ctx,
    id: ProductId,
    draft: &ProductDraft,
    expected: &ExpectedVersion,
    check: impl Fn(&ProductWithVariants) -> Result<(), Invalid>,
) -> Result<ProductWithVariants> {
    match try_replace(ctx, id, draft, expected, check).await {
        // What is wrong with a body is reported before what is wrong with the resource.
        Err(error) if error.depends_on_read() => {
            Err(with_unknown_category(ctx, draft, error).await)
        }
        answer => answer,
    }
}

async fn try_replace(
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
    let mut holders = SkuHolders::default();
    loop {
        let current = ctx.store.products().get(id, Read::Consistent).await?;
        expected.check(current.product.version)?;
        let revision = draft.revise(&current, currency, now)?;
        let before = current.product.clone();
        let counts = CategoryCounts::changed(Some(&before), Some(&revision.product));
        let new = revision.added.len() + revision.restored.len();
        let others = counts.len() + revision.changed.len();
        refuse_beyond_one_transaction(others, new, holders.takeovers(id))?;
        let revised = current.revised(revision.clone());
        check(&revised)?;
        match ctx.store.products().replace(&before, &revision, &holders, now).await? {
            Ok(()) => return Ok(revised),
            Err(ProductRefused::ChangedMeanwhile) => attempts.pause().await?,
            Err(ProductRefused::UnknownCategory(slug)) => {
                return Err(unknown_category("/category", &slug).into());
            }
            Err(ProductRefused::OtherHolders(skus)) => {
                attempts.retry_now()?;
                holders.update(ctx.store.products().sku_holders(id, &skus).await?);
            }
        }
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
/// product, each of the `others`, two items for each `new` or restored variant, and one more for
/// each SKU that is taken over. A product has at most 40 variants before and after and at most two
/// categories, so some new ones always fit.
pub(super) fn refuse_beyond_one_transaction(
    others: usize,
    new: usize,
    takeovers: usize,
) -> Result<(), Invalid> {
    let fitting = (MAX_WRITES - 1).saturating_sub(others + takeovers) / 2;
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

/// Adds 422 `unknown_category` to an error, if that is what the draft has; it replaces an error that
/// is not about the body.
async fn with_unknown_category(ctx: &Ctx, draft: &ProductDraft, error: Error) -> Error {
    let Some(category) = draft.category() else { return error };
    match (ctx.store.categories().get(category).await, error) {
        (Ok(_), error) => error,
        (Err(Error::NotFound), Error::Invalid(invalid)) => {
            let is_listed = |it: &FieldError| it.code == ProblemCode::UnknownCategory;
            let other = (!invalid.fields().iter().any(is_listed))
                .then(|| unknown_category("/category", category));
            let all = Invalid::collect([invalid].into_iter().chain(other));
            all.expect_err("one error at least").into()
        }
        (Err(Error::NotFound), _) => unknown_category("/category", category).into(),
        (Err(unavailable), _) => unavailable,
    }
}
