//! `POST /cart/items`: puts a variant into the caller's cart, or more of it.
//!
//! Customers. 404 for what is not sold here, 409 `out_of_stock` beyond what is left, 422
//! `variant_required` for a product that comes in several variants, 422 `cart_full` beyond 40
//! lines, 412 where `If-Match` names an older version.

use shared::domain::basket::RequestedItem;
use shared::domain::cart::CartEdit;
use shared::http::{Request, Response};
use shared::services::cart_edits;
use shared::{Ctx, Result};

use crate::view;

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let id = request.caller()?.user_id.into();

    let RequestedItem { which, quantity } = request.json()?;
    let expected = request.if_match()?;

    let cart = cart_edits::edit(ctx, id, &CartEdit::Add(which, quantity), &expected).await?;

    view::answer(&cart, ctx.currency())
}
