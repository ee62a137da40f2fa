//! `POST /auth/reset-password`: sets a new password with a mailed token.
//!
//! For callers with the token, which is valid once and for 60 minutes, and only until the password
//! is changed in another way. 204; all sessions of the user end, and a mail tells the user. From this
//! IP address the user can log in at once, however many wrong passwords were tried before. 422
//! `invalid_token` for a token that is not valid; 429 above the rate limit of the caller's IP.

use deserr::Deserr;
use shared::domain::invalid::Invalid;
use shared::domain::password::NewPassword;
use shared::domain::rate_limit::RateLimit;
use shared::http::{Request, Response};
use shared::services::account_changes;
use shared::{Ctx, Result};

#[derive(Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    token: String,
    password: NewPassword,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let Body { token, password } = request.json()?;
    let limiter = request.limiter(ctx);
    limiter.admit([RateLimit::ResetIp.of(request.ip())]).await?;

    account_changes::reset_password(ctx, limiter, &token, &password).await?;

    Ok(Response::no_content())
}
