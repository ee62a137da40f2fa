//! `PUT /cart/items/{sku}`: sets how many of a SKU are in the caller's cart; 0 takes it out.
//!
//! Customers. 404 for a SKU that is not in the cart, 409 `out_of_stock` beyond what is left and
//! `unavailable` for what is not sold any more, 412
//! where `If-Match` names an older version.

use deserr::Deserr;
use shared::domain::cart::CartEdit;
use shared::domain::invalid::Invalid;
use shared::domain::quantity::NewQuantity;
use shared::http::{Request, Response};
use shared::services::cart_edits;
use shared::{Ctx, Result};

use crate::view;

#[derive(Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    quantity: NewQuantity,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let id = request.caller()?.user_id.into();

    let sku = request.path_parameter("sku")?;
    let Body { quantity: NewQuantity(quantity) } = request.json()?;
    let expected = request.if_match()?;

    let cart = cart_edits::edit(ctx, id, &CartEdit::Set(sku, quantity), &expected).await?;

    view::answer(&cart, ctx.currency())
}
