//! `GET /products/{product_id}`: a product with its variants and their stock.
//!
//! Public. A draft or archived product is 404 for everyone but admins, and 401 with a bearer token
//! that is not valid: an admin's may have expired.

use shared::domain::ids::ProductId;
use shared::domain::problem_code::ProblemCode;
use shared::domain::product::ProductStatus;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::caller;
use shared::store::Read;
use shared::{Ctx, Error, Result};

use crate::view::ProductView;

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Get a product")
        .describe(
            "A draft or archived product is shown to admins only. An invalid bearer token is 401 \
             there, and ignored for every other product.",
        )
        .path::<ProductId>("product_id", "The product's identifier.")
        .optional_bearer()
        .responds(Success::ok::<ProductView>("The product with its variants.").versioned())
        .refuses(&[ProblemCode::Unauthenticated])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let id = request.path_parameter("product_id")?;

    let product = ctx.store.products().get(id, Read::Eventual).await?;

    let is_public = product.product.status == ProductStatus::Active;
    if !is_public && !is_admin(ctx, &request).await? {
        return Err(Error::NotFound);
    }
    let version = product.product.version;
    let response = Response::ok(&ProductView::from(product))?.version(version);
    Ok(if is_public { response } else { response.private() })
}

/// Whether the request is an admin's. 401 for an invalid bearer token.
async fn is_admin(ctx: &Ctx, request: &Request) -> Result<bool> {
    match request.bearer() {
        Some(token) => Ok(caller::identify(ctx, token).await?.is_admin()),
        None => Ok(false),
    }
}
