//! `PUT /cart/items/{sku}`: sets the quantity of a SKU in the caller's cart; 0 removes its line.
//!
//! For customers. 404 if the SKU is not in the cart, 409 `out_of_stock` if too few units are
//! available, 409 `unavailable` if the variant is no longer on sale, 412 if `If-Match` names
//! another version than the current one.

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
