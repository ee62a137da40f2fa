//! `POST /auth/reset-password`: sets a new password by a mailed token.
//!
//! Anybody who has the token, which works once and for 60 minutes; a password that is changed in
//! another way makes it worthless, too. Every session ends, and a mail says so. 422 `invalid_token`
//! for a token that does not work any more; 429 beyond the limit of the caller's address.

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
