//! `PUT /users/me/password`: changes the caller's password.
//!
//! Customers, with the current password: 401 `invalid_credentials` for a wrong one, and 429
//! after too many; 422 for a new one that is easy to guess. The
//! caller's other sessions end, and a mail says so.

use deserr::Deserr;
use futures_util::future::{join, try_join};
use shared::auth::password;
use shared::domain::invalid::Invalid;
use shared::domain::password::{NewPassword, OfferedPassword};
use shared::domain::rate_limit::RateLimit;
use shared::http::{Request, Response};
use shared::{Ctx, Error, Result};

#[derive(Deserr)]
#[deserr(error = Invalid, deny_unknown_fields)]
struct Body {
    current_password: OfferedPassword,
    new_password: NewPassword,
}

pub async fn handle(ctx: &Ctx, request: Request) -> Result<Response> {
    let caller = request.caller()?;
    let body: Body = request.json()?;

    let user = ctx.store.user(caller.user_id).await?.ok_or(Error::NotFound)?;
    let new = body.new_password.for_person(Some(&user.email), Some(&user.name), "/new_password")?;
    let limiter = request.limiter(ctx);
    let counted = limiter.admit([RateLimit::PasswordAccount.of(user.id)]);
    let ((), credential) = try_join(counted, ctx.store.credential(&user.email)).await?;
    let credential = credential.ok_or(Error::NotFound)?;
    if !password::verify(&body.current_password, Some(&credential.password_hash))? {
        return Err(Error::InvalidCredentials);
    }
    let (hash, session) = (password::hash(new)?, caller.session_id);
    let change = ctx.store.change_password(&user.email, &credential, &hash, session, ctx.now());
    let (changed, ()) = join(change, limiter.give_back()).await;

    match changed? {
        true => Ok(Response::no_content()),
        false => Err(Error::InvalidCredentials),
    }
}
