//! `POST /auth/reset-password`: sets a new password by a mailed token.
//!
//! Anybody who has the token, which works once and for 60 minutes; a password that is changed in
//! another way makes it worthless, too. Every session ends, and a mail says so. 422 `invalid_token`
//! for a token that does not work any more; 429 beyond the limit of the caller's address.

use deserr::Deserr;
use shared::auth::mailed_token::ResetToken;
use shared::auth::password;
use shared::domain::invalid::Invalid;
use shared::domain::password::NewPassword;
use shared::domain::rate_limit::RateLimit;
use shared::http::{Request, Response};
use shared::{Ctx, Result};

use crate::view::invalid_token;

#[derive(Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    token: String,
    password: NewPassword,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let body: Body = request.json()?;
    request.limiter(ctx).admit([RateLimit::ResetAddress.of(request.address())]).await?;
    let digest = ResetToken::read(&body.token).ok_or_else(invalid_token)?.digest();

    let reset = ctx.store.reset(&digest, ctx.now()).await?.ok_or_else(invalid_token)?;
    let user = ctx.store.user(reset.user_id).await?.ok_or_else(invalid_token)?;
    let new = body.password.for_person(Some(&user.email), Some(&user.name), "/password")?;
    let hash = password::hash(new)?;
    if !ctx.store.reset_password(&digest, &reset, &user, &hash, ctx.now()).await? {
        return Err(invalid_token());
    }
    request.limiter(ctx).remember_address(&user.email).await;

    Ok(Response::no_content())
}
