//! `GET /cart`: the caller's cart with current prices and stock.
//!
//! For customers. A caller who never had a cart gets an empty one, which is not stored.

use shared::http::contract::Contract;
use shared::http::{Request, Response};
use shared::services::cart_edits;
use shared::{Ctx, Result};

use crate::view;

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Get the cart")
        .describe("With current prices and stock. Empty if there is none.")
        .responds(view::success())
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;

    let cart = cart_edits::view(ctx, caller.user_id.into()).await?;

    view::answer(&cart, ctx.currency())
}
