//! `GET /cart`: the caller's cart, at today's prices and stock.
//!
//! Customers. Where there is none, an empty one that is not stored.

use shared::http::{Request, Response};
use shared::services::cart_edits;
use shared::{Ctx, Result};

use crate::view;

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;

    let cart = cart_edits::view(ctx, caller.user_id.into()).await?;

    view::answer(&cart, ctx.currency())
}
