//! `DELETE /categories/{slug}`: deletes a category.
//!
//! For admins. 204. 404 if it does not exist, 409 `category_not_empty` if it has products, drafts
//! and archived ones included, or subcategories.

use shared::domain::problem_code::ProblemCode;
use shared::domain::slug::Slug;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::categories;
use shared::{Ctx, Result};

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Delete a category")
        .describe(
            "It must have no products, drafts and archived ones included, and no subcategories.",
        )
        .path::<Slug>("slug", "The category's slug.")
        .responds(Success::no_content("The category is deleted."))
        .refuses(&[ProblemCode::CategoryNotEmpty, ProblemCode::OutcomeUnknown])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let slug: Slug = request.path_parameter("slug")?;

    categories::delete(ctx, &slug).await?;

    Ok(Response::no_content())
}
