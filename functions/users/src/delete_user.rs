//! `DELETE /users/{user_id}`: deletes a user's account.
//!
//! For admins. 202; profile, sessions and credentials are deleted with the response, and a job
//! removes the user's data from orders within minutes. 409 `open_orders` while an order is not
//! delivered yet or was placed a moment ago, 409 `last_admin` for the last active admin, 409
//! `use_own_deletion` for the admin's own account, for which `POST /users/me/deletion` exists; 412
//! if `If-Match` names another version of the profile; 404 if there is no such user.

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
