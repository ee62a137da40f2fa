//! `PUT /categories/{slug}`: renames or moves a category, with all that is inside it.
//!
//! For admins. Without a `parent` it moves to the root. 422 `unknown_category` for a parent that
//! does not exist, 404 if the category does not, 409 `category_cycle` if the parent is the category
//! itself or inside it.

use shared::domain::category::CategoryDraft;
use shared::domain::problem_code::ProblemCode;
use shared::domain::slug::Slug;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::categories;
use shared::{Ctx, Result};

use crate::category_view::CategoryView;

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Rename or move a category")
        .describe("The categories inside it move with it. Without a `parent` it moves to the root.")
        .path::<Slug>("slug", "The category's slug.")
        .body::<CategoryDraft>()
        .responds(Success::ok::<CategoryView>("The changed category."))
        .refuses(&[ProblemCode::CategoryCycle, ProblemCode::OutcomeUnknown])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let slug: Slug = request.path_parameter("slug")?;
    let draft: CategoryDraft = request.json()?;

    let (category, product_count) = categories::replace(ctx, &slug, &draft).await?;

    Response::ok(&CategoryView::new(slug, category, product_count))
}
