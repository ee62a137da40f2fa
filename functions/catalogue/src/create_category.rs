//! `POST /categories`: creates a category.
//!
//! For admins. 201. Without a `slug`, one is made from the name: 422 `invalid_slug` if that is not
//! possible. 422 `unknown_category` for a parent that does not exist; 409 `slug_taken`,
//! `category_cycle` if it is its own parent, and `too_many_categories`.

use shared::domain::category::NewCategory;
use shared::domain::problem_code::ProblemCode;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::{Ctx, Result};

use crate::category_view::CategoryView;

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Create a category")
        .describe("Without a `slug`, one is made from the name. It never changes.")
        .body::<NewCategory>()
        .responds(Success::created::<CategoryView>("The new category."))
        .refuses(&[
            ProblemCode::SlugTaken,
            ProblemCode::CategoryCycle,
            ProblemCode::TooManyCategories,
            ProblemCode::OutcomeUnknown,
        ])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let new: NewCategory = request.json()?;
    let (slug, category) = new.create()?;

    ctx.store.categories().create(&slug, &category, ctx.now()).await?;

    let location = format!("/categories/{slug}");
    Response::created(&location, &CategoryView::new(slug, category, 0))
}
