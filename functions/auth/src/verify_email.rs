//! `POST /auth/verify-email`: creates the account of a pending registration, and begins a session.
//!
//! For callers with the mailed token and the password of the same registration, so that an attacker
//! can't register another person's e-mail address with a password of their own. 422 `invalid_token`
//! for a token that is unknown, used or older than 24 hours; 401 `invalid_credentials` for another
//! password; 429 above the rate limit of the caller's IP.

use deserr::Deserr;
use schemars::JsonSchema;
use shared::domain::invalid::Invalid;
use shared::domain::password::OfferedPassword;
use shared::domain::problem_code::ProblemCode;
use shared::domain::rate_limit::RateLimit;
use shared::http::contract::{Contract, Success};
use shared::http::{Request, Response};
use shared::services::registration;
use shared::{Ctx, Result};

use crate::view::LoginView;

#[derive(Deserr, JsonSchema)]
#[schemars(rename = "VerifyEmailBody", deny_unknown_fields)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    token: String,
    password: OfferedPassword,
}

/// The route's entry in the API document.
pub fn contract() -> Contract {
    Contract::new("Verify an e-mail address")
        .describe("Creates the account of a registration, with the token from the mail and the password of the registration, and logs in.")
        .body::<Body>()
        .responds(Success::ok::<LoginView>("The account exists, and a session has begun."))
        .limited()
        .refuses(&[ProblemCode::InvalidToken, ProblemCode::InvalidCredentials, ProblemCode::OutcomeUnknown])
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let Body { token, password } = request.json()?;
    let limiter = request.limiter(ctx);
    limiter.admit([RateLimit::VerifyIp.of(request.ip())]).await?;

    let signed_in = registration::verify(ctx, limiter, &token, &password).await?;

    Response::ok(&LoginView::from(signed_in))
}
