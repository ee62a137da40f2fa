//! `DELETE /products/{product_id}/reviews/{review_id}`: deletes a review, so that its author can write
//! another one.
//!
//! For its author and admins; 404 for everybody else.

use shared::domain::ids::{ProductId, ReviewId};
use shared::domain::problem_code::ProblemCode;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::reviews;
use shared::{Ctx, Result};

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Delete a review")
        .describe("For its author, who can write another one then, and admins.")
        .path::<ProductId>("product_id", "The product's identifier.")
        .path::<ReviewId>("review_id", "The review's identifier.")
        .responds(Success::no_content("It is deleted."))
        .refuses(&[ProblemCode::OutcomeUnknown])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;
    let product = request.path_parameter("product_id")?;
    let id = request.path_parameter("review_id")?;

    reviews::delete(ctx, caller, product, id).await?;

    Ok(Response::no_content())
}
