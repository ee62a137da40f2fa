//! `GET /cart`: the caller's cart with current prices and stock.
//!
//! For customers. A caller who never had a cart gets an empty one, which is not stored.

use shared::http::{Request, Response};
use shared::services::cart_edits;
use shared::{Ctx, Result};

use crate::view;

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;

    let cart = cart_edits::view(ctx, caller.user_id.into()).await?;

    view::answer(&cart, ctx.currency())
}
