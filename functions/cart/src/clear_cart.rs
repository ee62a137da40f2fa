//! `DELETE /cart`: removes all lines from the shopper's cart.
//!
//! For customers and guests. 412 if `If-Match` names another version than the current one.

use shared::domain::cart::CartEdit;
use shared::http::contract::Contract;
use shared::http::{Request, Response};
use shared::services::cart_edits;
use shared::{Ctx, Result};

use crate::view;

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Empty the cart")
        .if_match("The version of the cart.")
        .cart_token(view::CART_TOKEN)
        .responds(view::success())
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let shopper = request.shopper();

    let expected = request.if_match()?;

    let edit = CartEdit::Clear;
    let edited = cart_edits::edit(ctx, &shopper, &edit, &expected, None).await?;

    view::answer(&edited.cart, &shopper, None, ctx.currency())
}
