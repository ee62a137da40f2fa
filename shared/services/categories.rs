//! Changes to categories: read, decide on the change, and write it on condition that what was read
//! still holds.

use crate::context::Ctx;
use crate::domain::category::{Category, CategoryDraft};
use crate::domain::error::{Conflict, Error, Result};
use crate::domain::problem_code::ProblemCode;
use crate::domain::slug::Slug;
use crate::store::Read;
use crate::store::categories::NotDeleted;
use crate::store::retry::Attempts;

/// Renames or moves a category, with all that is inside it. Returns it with the number of its active
/// products, those of the categories inside it included. 422 `unknown_category` if the new parent
/// does not exist, 404 if the category does not, 409 `category_cycle` if the new parent is the
/// category itself or inside it.
pub async fn replace(ctx: &Ctx, slug: &Slug, draft: &CategoryDraft) -> Result<(Category, u64)> {
    let categories = ctx.store.categories();
    let mut attempts = Attempts::new("the categories change faster than one can be moved");
    loop {
        let tree = categories.tree(Read::Consistent).await?;
        let after = tree.change(slug, draft)?;
        let before = tree.categories.get(slug).and_then(|category| category.parent.as_ref());
        let is_done = match before == after.parent.as_ref() {
            true => categories.rename(slug, &after).await?,
            false => categories.relocate(&tree, slug, before, &after, ctx.now()).await?,
        };
        if is_done {
            let count = tree.product_counts().get(slug).copied().unwrap_or_default();
            return Ok((after, count));
        }
        attempts.pause().await?;
    }
}

/// Deletes a category. 404 if it does not exist, 409 `category_not_empty` if it has products or
/// subcategories.
pub async fn delete(ctx: &Ctx, slug: &Slug) -> Result<()> {
    let categories = ctx.store.categories();
    let mut attempts = Attempts::new("a category changes faster than it can be deleted");
    loop {
        let Category { parent, .. } = categories.get(slug).await?;
        match categories.delete(slug, parent.as_ref(), ctx.now()).await? {
            Ok(()) => return Ok(()),
            Err(NotDeleted::NotEmpty { products, children }) => {
                return Err(not_empty(slug, products, children));
            }
            Err(NotDeleted::ChangedMeanwhile) => attempts.pause().await?,
        }
    }
}

fn not_empty(slug: &Slug, products: u64, children: u64) -> Error {
    let detail = format!(
        "The category {slug} is not empty (products: {products}, subcategories: {children})."
    );
    Conflict::new(ProblemCode::CategoryNotEmpty, detail)
        .with("products", products)
        .with("children", children)
        .into()
}
