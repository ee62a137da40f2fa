//! `DELETE /users/{user_id}`: deletes a user's account.
//!
//! For admins. 202; profile, sessions and credentials are deleted with the response, and a job
//! removes the user's data from orders within minutes. 409 `open_orders` while an order is not
//! delivered yet or was placed a moment ago, 409 `last_admin` for the last active admin, 409
//! `use_own_deletion` for the admin's own account, for which `POST /users/me/deletion` exists; 412
//! if `If-Match` names another version of the profile; 404 if there is no such user.

use shared::domain::ids::UserId;
use shared::domain::problem_code::ProblemCode;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::account_deletion;
use shared::{Ctx, Result};

use crate::view::DeletionView;

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Delete a user's account")
        .describe("Profile, sessions and credentials are deleted at once; the user's data in orders within minutes.")
        .path::<UserId>("user_id", "The user's identifier.")
        .if_match("The version of the profile.")
        .responds(Success::accepted::<DeletionView>("The account is deleted."))
        .refuses(&[ProblemCode::OpenOrders, ProblemCode::LastAdmin, ProblemCode::UseOwnDeletion, ProblemCode::OutcomeUnknown])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let admin = request.caller()?;

    let id = request.path_parameter("user_id")?;
    let expected = request.if_match()?;

    account_deletion::delete_by_admin(ctx, admin.user_id, id, &expected).await?;

    Response::accepted(&DeletionView::STARTED)
}
