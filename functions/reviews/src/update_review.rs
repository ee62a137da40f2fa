//! `PUT /products/{product_id}/reviews/{review_id}`: replaces the content of a review.
//!
//! For its author and admins; 404 for everybody else. A rejected review stays rejected. 429 if the
//! account writes too many reviews.

use shared::domain::ids::{ProductId, ReviewId};
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
    Contract::new("Change a review")
        .describe(
            "For its author and admins. A title or a body that is left out is removed. A rejected review \
             stays rejected; where the shop moderates its reviews, any other waits for an admin again.",
        )
        .path::<ProductId>("product_id", "The product's identifier.")
        .path::<ReviewId>("review_id", "The review's identifier.")
        .body::<Body>()
        .responds(Success::ok::<ReviewView>("The changed review."))
        .limited()
        .refuses(&[ProblemCode::OutcomeUnknown])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;
    let product = request.path_parameter("product_id")?;
    let id = request.path_parameter("review_id")?;
    let content: ReviewContent = request.json::<Body>()?.into();

    let limiter = request.limiter(ctx);
    let review = reviews::update(ctx, caller, product, id, &content, &limiter).await?;

    Response::ok(&ReviewView::from(review))
}
