//! `DELETE /cart`: removes all lines from the caller's cart.
//!
//! For customers. 412 if `If-Match` names another version than the current one.

use shared::domain::cart::CartEdit;
use shared::http::contract::Contract;
use shared::http::{Request, Response};
use shared::services::cart_edits;
use shared::{Ctx, Result};

use crate::view;

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Empty the cart").if_match("The version of the cart.").responds(view::success())
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let id = request.caller()?.user_id.into();

    let expected = request.if_match()?;

    let cart = cart_edits::edit(ctx, id, &CartEdit::Clear, &expected).await?;

    view::answer(&cart, ctx.currency())
}
