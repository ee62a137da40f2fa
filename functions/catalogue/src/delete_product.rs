//! `DELETE /products/{product_id}`: takes a product out of the shop for good.
//!
//! Admins. It leaves the lists, carts show its lines as `unavailable`, orders keep what was
//! bought, and its SKUs are free again. 412 where `If-Match` names an older version.

use shared::http::{Request, Response};
use shared::services::products;
use shared::{Ctx, Result};

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let id = request.path_parameter("product_id")?;
    let expected = request.if_match()?;

    products::delete(ctx, id, &expected).await?;

    Ok(Response::no_content())
}
