//! `DELETE /cart`: removes all lines from the caller's cart.
//!
//! For customers. 412 if `If-Match` names another version than the current one.

use shared::domain::cart::CartEdit;
use shared::http::{Request, Response};
use shared::services::cart_edits;
use shared::{Ctx, Result};

use crate::view;

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let id = request.caller()?.user_id.into();

    let expected = request.if_match()?;

    let cart = cart_edits::edit(ctx, id, &CartEdit::Clear, &expected).await?;

    view::answer(&cart, ctx.currency())
}
