//! `POST /users/me/deletion`: deletes the caller's account.
//!
//! For users, with their password: 401 `invalid_credentials` if it is wrong, 429 after too many
//! wrong passwords. 202; profile, sessions and credentials are deleted with the response, and a job
//! removes the user's data from orders within minutes. 409 `open_orders` while an order is not
//! delivered yet or was placed a moment ago, 409 `last_admin` for the last active admin.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::invalid::Invalid;
use shared::domain::password::OfferedPassword;
use shared::domain::problem_code::ProblemCode;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::account_deletion;
use shared::{Ctx, Result};

use crate::view::DeletionView;

#[derive(Deserr, JsonSchema)]
#[schemars(rename = "DeletionBody", deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    password: OfferedPassword,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Delete the own account")
        .describe("Profile, sessions and credentials are deleted at once; the user's data in orders within minutes.")
        .body::<Body>()
        .responds(Success::accepted::<DeletionView>("The account is deleted."))
        .limited()
        .refuses(&[ProblemCode::InvalidCredentials, ProblemCode::OpenOrders, ProblemCode::LastAdmin, ProblemCode::NotFound, ProblemCode::OutcomeUnknown])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;

    let Body { password } = request.json()?;

    account_deletion::delete(ctx, request.limiter(ctx), caller.user_id, &password).await?;

    Response::accepted(&DeletionView::STARTED)
}
