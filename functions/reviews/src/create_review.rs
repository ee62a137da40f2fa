//! `POST /products/{product_id}/reviews`: reviews a product.
//!
//! For customers. 404 if the product is not published, 409 `already_reviewed` if the customer has
//! reviewed it before, 429 if the account writes too many reviews.

use shared::domain::ids::ProductId;
use shared::domain::problem_code::ProblemCode;
use shared::domain::review::ReviewContent;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::reviews;
use shared::{Ctx, Result};

use crate::body::Body;
use crate::view::ReviewView;

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Review a product")
        .describe(
            "One review for each customer and product. Others see it at once, or where the shop moderates \
             its reviews, after an admin has approved it.",
        )
        .path::<ProductId>("product_id", "The product's identifier.")
        .body::<Body>()
        .responds(Success::created::<ReviewView>("The review. `Location` is the list of the product's reviews."))
        .limited()
        .refuses(&[ProblemCode::AlreadyReviewed, ProblemCode::OutcomeUnknown])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;
    let product = request.path_parameter("product_id")?;
    let content: ReviewContent = request.json::<Body>()?.into();

    let limiter = request.limiter(ctx);
    let review = reviews::create(ctx, caller.user_id, product, content, &limiter).await?;

    Response::created(&format!("/products/{product}/reviews"), &ReviewView::from(review))
}
