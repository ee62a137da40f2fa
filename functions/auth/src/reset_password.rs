//! `POST /auth/reset-password`: sets a new password with a mailed token.
//!
//! For callers with the token, which is valid once and for 60 minutes, and only until the password
//! is changed in another way. 204; all sessions of the user end, and a mail tells the user. From this
//! IP address the user can log in at once, however many wrong passwords were tried before. 422
//! `invalid_token` for a token that is not valid; 429 above the rate limit of the caller's IP.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::invalid::Invalid;
use shared::domain::password::NewPassword;
use shared::domain::problem_code::ProblemCode;
use shared::domain::rate_limit::RateLimit;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::account_changes;
use shared::{Ctx, Result};

#[derive(Deserr, JsonSchema)]
#[schemars(rename = "ResetPasswordBody", deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    token: String,
    password: NewPassword,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Reset a password")
        .describe("Sets a new password with the token from the mail, which is valid once and for 60 minutes. All sessions end, and a mail informs the user.")
        .body::<Body>()
        .responds(Success::no_content("The password is changed."))
        .limited()
        .refuses(&[ProblemCode::InvalidToken, ProblemCode::PasswordIsEmail, ProblemCode::PasswordIsName, ProblemCode::OutcomeUnknown])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let Body { token, password } = request.json()?;
    let limiter = request.limiter(ctx);
    limiter.admit([RateLimit::ResetIp.of(request.ip())]).await?;

    account_changes::reset_password(ctx, limiter, &token, &password).await?;

    Ok(Response::no_content())
}
