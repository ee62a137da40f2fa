//! `DELETE /users/{user_id}`: deletes somebody's account, as they could themselves.
//!
//! Admins. Profile, sessions and credentials are gone with the answer; what orders still hold of
//! the person goes in the background, within minutes. 409 `open_orders` while an order is on its
//! way or was placed a moment ago, `last_admin` for the only one who runs the shop,
//! `use_own_deletion` for the admin's own account, which its own route deletes; 412 where
//! `If-Match` names another version of the profile; 404 where there is no such person, or no more.

use shared::http::{Request, Response};
use shared::services::account_deletion;
use shared::{Ctx, Result};

use crate::view::DeletionView;

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let admin = request.caller()?;

    let id = request.path_parameter("user_id")?;
    let expected = request.if_match()?;

    account_deletion::delete_by_admin(ctx, admin.user_id, id, &expected).await?;

    Response::accepted(&DeletionView::STARTED)
}
