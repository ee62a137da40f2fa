//! `DELETE /cart/items/{sku}`: takes a line out of the caller's cart.
//!
//! Customers. 200 also when it was not there; 412 where `If-Match` names an older version.

use shared::domain::cart::CartEdit;
use shared::http::{Request, Response};
use shared::services::cart_edits;
use shared::{Ctx, Result};

use crate::view;

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let id = request.caller()?.user_id.into();

    let sku = request.path_parameter("sku")?;
    let expected = request.if_match()?;

    let cart = cart_edits::edit(ctx, id, &CartEdit::Remove(sku), &expected).await?;

    view::answer(&cart, ctx.currency())
}
