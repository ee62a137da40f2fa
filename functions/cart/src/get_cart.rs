//! `GET /cart`: the shopper's cart with current prices and stock.
//!
//! For customers and guests. A caller who never had a cart gets an empty one, which is not stored.

use shared::http::contract::Contract;
use shared::http::{Request, Response};
use shared::services::cart_edits;
use shared::{Ctx, Result};

use crate::view;

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Get the cart")
        .describe("With current prices and stock. Empty if there is none.")
        .cart_token(view::CART_TOKEN)
        .responds(view::success())
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let shopper = request.shopper();

    let cart = cart_edits::view(ctx, &shopper).await?;

    view::answer(&cart, &shopper, None, ctx.currency())
}
