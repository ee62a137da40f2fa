//! `PUT /cart/items/{sku}`: sets the quantity of a SKU in the shopper's cart; 0 removes its line.
//!
//! For customers and guests. 404 if the SKU is not in the cart, 409 `out_of_stock` if too few units are
//! available, 409 `unavailable` if the variant is no longer on sale, 412 if `If-Match` names
//! another version than the current one.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::cart::CartEdit;
use shared::domain::invalid::Invalid;
use shared::domain::problem_code::ProblemCode;
use shared::domain::quantity::NewQuantity;
use shared::domain::sku::Sku;
use shared::http::contract::Contract;
use shared::http::{Request, Response};
use shared::services::cart_edits;
use shared::{Ctx, Result};

use crate::view;

#[derive(Deserr, JsonSchema)]
#[schemars(rename = "CartLineChange", deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    quantity: NewQuantity,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Set the quantity of a cart line")
        .path::<Sku>("sku", "The SKU of the variant.")
        .body::<Body>()
        .if_match("The version of the cart.")
        .cart_token(view::CART_TOKEN)
        .responds(view::success())
        .refuses(&[ProblemCode::OutOfStock, ProblemCode::Unavailable])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let shopper = request.shopper();

    let sku = request.path_parameter("sku")?;
    let expected = request.if_match()?;
    let Body { quantity: NewQuantity(quantity) } = request.json()?;

    let edit = CartEdit::Set(sku, quantity);
    let edited = cart_edits::edit(ctx, &shopper, &edit, &expected, None).await?;

    view::answer(&edited.cart, &shopper, None, ctx.currency())
}
