//! `DELETE /products/{product_id}`: deletes a product and its variants.
//!
//! For admins. 204. The product disappears from lists, its cart lines become `unavailable`, orders
//! keep their lines, and its SKUs can be used again. 404 if it does not exist, 412 if `If-Match`
//! names another version than the current one.

use shared::domain::ids::ProductId;
use shared::domain::problem_code::ProblemCode;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::products;
use shared::{Ctx, Result};

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Delete a product")
        .describe("Past orders keep their lines; the SKUs can be used again.")
        .path::<ProductId>("product_id", "The product's identifier.")
        .if_match("The version of the product.")
        .responds(Success::no_content("The product is deleted."))
        .refuses(&[ProblemCode::OutcomeUnknown])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let id = request.path_parameter("product_id")?;
    let expected = request.if_match()?;

    products::delete(ctx, id, &expected).await?;

    Ok(Response::no_content())
}
