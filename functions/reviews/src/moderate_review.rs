//! `PUT /products/{product_id}/reviews/{review_id}/status`: shows a review, or does not.
//!
//! For admins. Only approved reviews are shown, and count for the product's rating.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::ids::{ProductId, ReviewId};
use shared::domain::invalid::Invalid;
use shared::domain::problem_code::ProblemCode;
use shared::domain::review::Moderation;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::reviews;
use shared::{Ctx, Result};

use crate::view::ReviewView;

#[derive(Deserr, JsonSchema)]
#[schemars(rename = "ReviewModeration", deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    status: Moderation,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Approve or reject a review")
        .describe("The same decision again changes nothing.")
        .path::<ProductId>("product_id", "The product's identifier.")
        .path::<ReviewId>("review_id", "The review's identifier.")
        .body::<Body>()
        .responds(Success::ok::<ReviewView>("The review."))
        .refuses(&[ProblemCode::OutcomeUnknown])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let product = request.path_parameter("product_id")?;
    let id = request.path_parameter("review_id")?;
    let Body { status } = request.json()?;

    let review = reviews::moderate(ctx, product, id, status.into()).await?;

    Response::ok(&ReviewView::from(review))
}
