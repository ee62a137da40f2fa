//! `PUT /users/me/password`: changes the caller's password.
//!
//! For users, with their current password: 401 `invalid_credentials` if it is wrong, 429 after too
//! many wrong passwords or too many changes; 422 for a new password that is easy to guess, or is
//! the current one (`same_password`). 204; the caller's other sessions end, and a mail informs the
//! user.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::invalid::Invalid;
use shared::domain::password::{NewPassword, OfferedPassword};
use shared::domain::problem_code::ProblemCode;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::account_changes;
use shared::{Ctx, Result};

#[derive(Deserr, JsonSchema)]
#[schemars(rename = "ChangePasswordBody", deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    current_password: OfferedPassword,
    new_password: NewPassword,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Change the own password")
        .describe("The other sessions end, and a mail informs the user.")
        .body::<Body>()
        .responds(Success::no_content("The password is changed."))
        .limited()
        .refuses(&[
            ProblemCode::InvalidCredentials,
            ProblemCode::SamePassword,
            ProblemCode::PasswordIsEmail,
            ProblemCode::PasswordIsName,
            ProblemCode::NotFound,
            ProblemCode::OutcomeUnknown,
        ])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;

    let Body { current_password: current, new_password: new } = request.json()?;

    account_changes::change_password(ctx, request.limiter(ctx), caller, &current, &new).await?;

    Ok(Response::no_content())
}
