//! `GET /products/{product_id}`: a product with its variants and their stock.
//!
//! Public. A draft or archived product is 404 for everyone but admins.

use shared::domain::ids::ProductId;
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
        .describe("A draft or archived product is shown to admins only.")
        .path::<ProductId>("product_id", "The product's identifier.")
        .optional_bearer()
        .responds(Success::ok::<ProductView>("The product with its variants.").versioned())
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let id = request.path_parameter("product_id")?;

    let product = ctx.store.products().get(id, Read::Eventual).await?;

    let is_public = product.product.status == ProductStatus::Active;
    if !is_public && !is_admin(ctx, &request).await? {
        return Err(Error::NotFound);
    }
    let version = product.product.version;
    Ok(Response::ok(&ProductView::from(product))?.version(version))
}

/// Whether the request is an admin's. On a public route an invalid bearer token counts as none.
async fn is_admin(ctx: &Ctx, request: &Request) -> Result<bool> {
    let Some(token) = request.bearer() else { return Ok(false) };
    match caller::identify(ctx, token).await {
        Ok(caller) => Ok(caller.is_admin()),
        Err(Error::Unauthenticated) => Ok(false),
        Err(error) => Err(error),
    }
}
