//! `POST /auth/verify-email`: creates the account of a pending registration, and begins a session.
//!
//! For callers with the mailed token and the password of the same registration, so that an attacker
//! can't register another person's e-mail address with a password of their own. 422 `invalid_token`
//! for a token that is unknown, used or older than 24 hours; 401 `invalid_credentials` for another
//! password; 429 above the rate limit of the caller's IP.

use deserr::Deserr;
use shared::domain::invalid::Invalid;
use shared::domain::password::OfferedPassword;
use shared::domain::rate_limit::RateLimit;
use shared::http::{Request, Response};
use shared::services::registration;
use shared::{Ctx, Result};

use crate::view::LoginView;

#[derive(Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    token: String,
    password: OfferedPassword,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let Body { token, password } = request.json()?;
    let limiter = request.limiter(ctx);
    limiter.admit([RateLimit::VerifyIp.of(request.ip())]).await?;

    let signed_in = registration::verify(ctx, limiter, &token, &password).await?;

    Response::ok(&LoginView::from(signed_in))
}
